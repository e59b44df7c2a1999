import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIdentity } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const money = {
  id: ids.other,
  integrationId: null,
  measure: 'money',
  currency: 'USD',
  window: 'month',
  limit: 25_500_000,
  mode: 'hard',
  createdAt: at,
  modifiedAt: at,
  modifiedBy: 'me',
  usage: {
    windowStart: '2026-11-01T00:00:00.000Z',
    windowEnd: '2026-12-01T00:00:00.000Z',
    used: 1_000_001,
    reserved: 0,
    remaining: 24_499_999,
  },
};

describe('inthub budgets', () => {
  it('lists what is used of them, money in its currency to the last digit', async () => {
    const { run } = await startBench({ listBudgets: () => ({ items: [money], nextCursor: null }) });

    const { stdout } = await run(['budgets', 'list']);

    expect(stdout).toMatch(/tenant +money +month +25\.50 USD +1\.000001 USD +24\.499999 USD +hard/);
  });

  it.each([
    ['25.5', 25_500_000],
    ['25', 25_000_000],
    ['0.000001', 1],
    ['999999999.999999', 999_999_999_999_999],
  ])('sets money given as %s', async (limit, micros) => {
    const { hub, run } = await startBench({ setBudget: () => money });

    await run(['budgets', 'set', '--measure', 'money', '--currency', 'USD', '--per', 'month', '--limit', limit]);

    expect(hub.requests[0]?.body).toEqual({
      integrationId: null,
      measure: 'money',
      currency: 'USD',
      window: 'month',
      limit: micros,
      mode: 'hard',
    });
  });

  it.each([
    [['--measure', 'money', '--per', 'day', '--limit', '5']],
    [['--measure', 'money', '--currency', 'USD', '--per', 'day', '--limit', '5,50']],
    [['--measure', 'money', '--currency', 'USD', '--per', 'day', '--limit', '1.0000001']],
    [['--measure', 'tokens', '--per', 'day', '--limit', '1e6']],
    [['--measure', 'tokens', '--per', 'week', '--limit', '5']],
    [['--measure', 'tokens', '--per', 'day']],
  ])('refuses %j', async (flags) => {
    const { hub, run } = await startBench({ setBudget: () => money });

    expect(await run(['budgets', 'set', ...flags])).toMatchObject({ code: 2 });
    expect(hub.requests).toEqual([]);
  });

  it('sets, shows and removes', async () => {
    const { hub, run } = await startBench({
      setBudget: () => ({ ...money, measure: 'tokens', currency: null }),
      getBudget: () => money,
      getBudgetUsage: () => ({ items: [money.usage] }),
      removeBudget: () => undefined,
    });

    await run(['budgets', 'set', '--measure', 'tokens', '--per', 'day', '--limit', '5000', '--warn']);
    const { stdout } = await run(['budgets', 'usage', ids.other]);
    await run(['budgets', 'remove', ids.other]);

    expect(hub.requests[0]?.body).toMatchObject({ measure: 'tokens', currency: null, limit: 5_000, mode: 'warn' });
    expect(stdout).toContain('1.000001 USD');
    expect(hub.requests.at(-1)).toMatchObject({ operation: 'removeBudget', path: { id: ids.other } });
  });
});

describe('inthub tenants update', () => {
  it('sets what may be sent for a tenant', async () => {
    const { hub, run } = await startBench({ changeTenant: () => sampleIdentity.tenant });
    const update = ['tenants', 'update', ids.tenant];

    await run([...update, '--offline', '--egress-allow', '10.0.0.0/8', 'gitea.internal:3000']);
    await run([...update, '--online', '--egress-allow-none']);

    expect(hub.requests.map(({ body }) => body)).toEqual([
      { offline: true, egressAllow: ['10.0.0.0/8', 'gitea.internal:3000'] },
      { offline: false, egressAllow: [] },
    ]);
    expect(await run([...update, '--online', '--offline'])).toMatchObject({ code: 2 });
  });
});

describe('inthub audit reseal', () => {
  it('says why, and where the chain ended', async () => {
    const formerHead = { seq: 7, hash: 'ab'.repeat(32) };
    const { hub, run } = await startBench({ resealAudit: () => ({ tenantId: ids.tenant, entries: 7, formerHead }) });

    const { stdout } = await run(['audit', 'reseal', '--reason', 'disk lost', '--tenant', ids.tenant]);

    expect(hub.requests[0]?.body).toEqual({ reason: 'disk lost', tenantId: ids.tenant });
    expect(stdout).toContain(`7 ${formerHead.hash}`);
    expect(await run(['audit', 'reseal'])).toMatchObject({ code: 2 });
  });
});
