import { describe, expect, it } from 'vitest';
import { createTestEvidence } from '../testing.ts';
import { authentication } from './authentication.ts';

const failed = (code: string) => createTestEvidence({ test: { success: false, message: 'No.', details: { code } } });

describe('the authentication check', () => {
  it('passes with the words and details of the connection test', async () => {
    const evidence = createTestEvidence({ test: { message: 'Hello ada.', details: { account: 'ada' } } });

    expect(await authentication.run(evidence)).toMatchObject({
      status: 'pass',
      message: 'Hello ada.',
      details: { test: { account: 'ada' } },
    });
  });

  it('says where a refused credential comes from', async () => {
    const { status, suggestions } = await authentication.run(failed('provider_unauthenticated'));

    expect(status).toBe('fail');
    expect(suggestions).toContain('Key: Ask.');
    expect(suggestions).not.toContain('None: Nothing needed.');
  });

  it.each([
    ['provider_unavailable', 'fail', undefined],
    ['provider_forbidden', 'pass', undefined],
    ['provider_rate_limited', 'warn', 'refused'],
    ['offline', 'warn', 'offline'],
    ['a code of its own', 'fail', undefined],
  ])('after %s is %s', async (code, status, skipped) => {
    const finding = await authentication.run(failed(code));

    expect([finding.status, finding.skipped]).toEqual([status, skipped]);
    if (status !== 'pass') expect(finding.suggestions).not.toHaveLength(0);
  });

  describe('of a credential that tells its end', () => {
    const ends = (daysLeft: number) =>
      ({ kind: 'client_certificate', expiresAt: '2026-12-01T00:00:00.000Z', daysLeft }) as const;

    it('passes while there is time, and says when it ends', async () => {
      const { status, details } = await authentication.run(createTestEvidence({ credentialEnd: ends(30) }));

      expect(status).toBe('pass');
      expect(details).toMatchObject({ credentialExpiresAt: '2026-12-01T00:00:00.000Z', credentialDaysLeft: 30 });
    });

    it('warns 30 days before, and says what to do', async () => {
      expect(await authentication.run(createTestEvidence({ credentialEnd: ends(9) }))).toMatchObject({
        status: 'warn',
        message: 'It answers. The client certificate expires in 9 days (2026-12-01).',
        suggestions: [expect.stringContaining('Make a new one')],
      });
    });

    it('names one that is over as the cause of a failure, and only warns while the product does not mind', async () => {
      const credentialEnd = ends(-1);
      const refused = { success: false, message: 'No.', details: { code: 'provider_unreachable' } };

      expect(await authentication.run(createTestEvidence({ credentialEnd, test: refused }))).toMatchObject({
        status: 'fail',
        message: 'No. The client certificate expired on 2026-12-01.',
        suggestions: [expect.stringContaining('Make a new one'), expect.any(String), expect.any(String)],
      });
      expect(await authentication.run(createTestEvidence({ credentialEnd }))).toMatchObject({ status: 'warn' });
    });

    it('does not ask where the check was not made', async () => {
      const offline = { success: false, message: 'No.', details: { code: 'offline' } };

      expect(await authentication.run(createTestEvidence({ credentialEnd: ends(-1), test: offline }))).toMatchObject({
        message: 'No.',
        skipped: 'offline',
      });
    });
  });
});
