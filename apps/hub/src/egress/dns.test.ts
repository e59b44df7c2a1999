import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createPinnedDns, type ResolvedAddress } from './dns.ts';
import { createPolicy } from './policy.ts';
import { failure } from './testing.ts';

const policy = createPolicy({ allow: [] });
const at = { hostname: 'api.example.com', port: 443 };
const v4 = (address: string): ResolvedAddress => ({ address, family: 4 });

function scripted(...answers: (readonly ResolvedAddress[] | Error)[]) {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (hostname: string) => {
      asked.push(hostname);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return answer ?? [];
    },
  };
}

function open(...answers: Parameters<typeof scripted>) {
  const clock = createFakeClock();
  const { asked, resolve } = scripted(...answers);
  return { clock, asked, dns: createPinnedDns({ clock, resolve }) };
}

describe('createPinnedDns', () => {
  it('refuses a name when a single one of its addresses points inside', async () => {
    const { dns } = open([v4('93.184.215.14'), { address: '::ffff:10.0.0.1', family: 6 }, v4('93.184.215.15')]);

    const error = await failure(dns.resolve(at, policy));

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain('api.example.com resolves to ::ffff:10.0.0.1 (carries 10.0.0.1)');
  });

  it('asks once for many connections at the same time, and again after ten seconds', async () => {
    const { dns, clock, asked } = open([v4('93.184.215.14')]);

    await Promise.all([dns.resolve(at, policy), dns.resolve(at, policy), dns.resolve({ ...at, port: 8443 }, policy)]);
    await dns.resolve(at, policy);
    expect(asked).toHaveLength(1);

    await clock.advance(9_999);
    await dns.resolve(at, policy);
    expect(asked).toHaveLength(1);

    await clock.advance(1);
    await dns.resolve(at, policy);
    expect(asked).toHaveLength(2);
  });

  it('checks again what a name that moved now points to', async () => {
    const { dns, clock } = open([v4('93.184.215.14')], [v4('127.0.0.1')]);

    expect(await dns.resolve(at, policy)).toEqual([v4('93.184.215.14')]);
    await clock.advance(10_000);

    expect((await failure(dns.resolve(at, policy))).code).toBe('egress_denied');
  });

  it('does not keep a failure', async () => {
    const { dns, asked } = open(Object.assign(new Error('queryA EAI_AGAIN'), { code: 'EAI_AGAIN' }), [
      v4('93.184.215.14'),
    ]);

    await expect(dns.resolve(at, policy)).rejects.toThrow('EAI_AGAIN');
    expect(await dns.resolve(at, policy)).toEqual([v4('93.184.215.14')]);
    expect(asked).toHaveLength(2);
  });

  it('calls a name without addresses a fault of the configuration', async () => {
    const { dns } = open([]);

    expect(await failure(dns.resolve(at, policy))).toMatchObject({
      code: 'provider_unreachable',
      blame: 'configuration',
      retryable: false,
    });
  });
});
