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
});
