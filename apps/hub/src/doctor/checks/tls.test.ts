import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import type { CertificateFacts, TlsFacts } from '../../egress/egress.ts';
import { createTestEvidence, now } from '../testing.ts';
import { tls } from './tls.ts';

const dayMs = 86_400_000;

function certificate(
  daysLeft: number,
  subject = 'CN=registry.example.com',
  issuer = 'CN=Issuing CA',
): CertificateFacts {
  return { subject, issuer, validFrom: new Date(0), validTo: new Date(now.getTime() + daysLeft * dayMs) };
}

function look(chain: readonly CertificateFacts[], facts: Partial<TlsFacts> = {}) {
  const session = { protocol: 'TLSv1.3', authorized: true, authorizationError: null, problem: null };
  return tls.run(createTestEvidence({ probe: { tls: { ...session, chain, subjectAltName: null, ...facts } } }));
}

describe('the TLS check', () => {
  it.each([
    [400, 'pass'],
    [30, 'pass'],
    [29.9, 'warn'],
    [0.5, 'warn'],
  ])('with %d days left is %s', async (days, status) => {
    const finding = await look([certificate(days)]);

    expect(finding).toMatchObject({ status, details: { chainValid: true, daysLeft: Math.floor(days) } });
    expect(finding.suggestions ?? []).toHaveLength(status === 'warn' ? 1 : 0);
  });

  it('warns of an intermediate that expires first, not of a root', async () => {
    const root = certificate(3, 'CN=Root', 'CN=Root');
    const intermediate = certificate(10, 'CN=Issuing CA', 'CN=Root');

    expect(await look([certificate(300), root])).toMatchObject({ status: 'pass', details: { daysLeft: 300 } });
    const finding = await look([certificate(300), intermediate, root]);
    expect(finding).toMatchObject({ status: 'warn', details: { daysLeft: 10 } });
    expect(finding.message).toContain('CN=Issuing CA');
  });

  it('fails on a chain that is not trusted, and says why', async () => {
    const finding = await look([certificate(-1)], {
      authorized: false,
      authorizationError: 'CERT_HAS_EXPIRED',
      problem: 'registry.example.com presents a TLS certificate that has expired.',
    });

    expect(finding).toMatchObject({
      status: 'fail',
      message: 'registry.example.com presents a TLS certificate that has expired.',
      details: { chainValid: false, authorizationError: 'CERT_HAS_EXPIRED', daysLeft: -1 },
    });
    expect(finding.suggestions).not.toHaveLength(0);
  });

  it('fails when there was no handshake', async () => {
    const error = new HubError('provider_tls_invalid', 'It does not speak TLS.');

    expect(await tls.run(createTestEvidence({ probe: { tls: error } }))).toMatchObject({
      status: 'fail',
      message: 'It does not speak TLS.',
      details: { code: 'provider_tls_invalid' },
    });
  });

  it.each([
    ['another machine with a credential', 'token', false, undefined, 'unencrypted'],
    ['another machine without one', 'none', false, 'not_applicable', 'http'],
    ['this machine', 'token', true, 'not_applicable', 'http'],
  ] as const)('over plain http to %s says so', async (_name, authMode, loopback, skipped, words) => {
    const endpoint = 'http://registry.example.com';

    const finding = await tls.run(
      createTestEvidence({ config: { endpoint, authMode }, probe: { tls: null, loopback } }),
    );

    expect(finding).toMatchObject({ status: 'warn', message: expect.stringContaining(words) });
    expect(finding.skipped).toBe(skipped);
  });
});
