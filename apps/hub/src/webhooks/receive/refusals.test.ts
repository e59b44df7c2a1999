import type { TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../audit/audit.ts';
import { createRefusalBudget } from './refusal-budget.ts';
import { createRefusalLog } from './refusal-log.ts';

const addressee = { tenantId: 'tenant' as TenantId, integrationId: 'integration', integrationName: 'name' };

function bench() {
  const clock = createFakeClock();
  const written: AuditRecord[] = [];
  const logged: object[] = [];
  const log = { debug() {}, info: (fields: object) => void logged.push(fields), warn() {}, error() {} };
  const refusals = createRefusalLog({
    clock,
    log,
    writeAudit: async (_tenantId, records) => void written.push(...records),
  });
  return { clock, written, logged, refusals };
}

describe('refusal log', () => {
  it('writes one line soon, and then one a minute, however often it happens', async () => {
    const { clock, written, refusals } = bench();
    const note = () => refusals.note({ reason: 'invalid', addressee, sourceAddress: '192.0.2.1' });
    for (let i = 0; i < 1_000; i += 1) note();
    await clock.advance(1_000);
    await expect.poll(() => written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      action: 'webhook.refuse',
      outcome: 'denied',
      reason: 'invalid',
      details: { count: 1_000 },
    });

    for (let i = 0; i < 1_000; i += 1) note();
    await clock.advance(30_000);
    expect(written).toHaveLength(1);
    await clock.advance(30_000);
    await expect.poll(() => written).toHaveLength(2);
    await refusals.close();
  });

  it('names a few sources, keeps reasons apart, and writes out the rest when it closes', async () => {
    const { written, logged, refusals } = bench();
    for (let i = 0; i < 20; i += 1) refusals.note({ reason: 'stale', addressee, sourceAddress: `192.0.2.${i}` });
    refusals.note({ reason: 'missing', addressee, sourceAddress: '192.0.2.1' });
    refusals.note({ reason: 'unknown_endpoint', sourceAddress: '192.0.2.1' });
    await refusals.close();

    expect(written.map(({ reason }) => reason)).toEqual(['stale', 'missing']);
    expect(written[0]?.details?.['sources']).toHaveLength(5);
    expect(logged).toEqual([expect.objectContaining({ count: 1, reason: 'unknown_endpoint' })]);
  });
});

describe('refusal budget', () => {
  it('is 60 at once and one more each second, for each source', async () => {
    const clock = createFakeClock();
    const budget = createRefusalBudget(clock);
    for (let i = 0; i < 60; i += 1) budget.spend('a');

    expect(budget.isSpent('a')).toBe(true);
    expect(budget.isSpent('b')).toBe(false);
    await clock.advance(1_000);
    expect(budget.isSpent('a')).toBe(false);
    budget.spend('a');
    expect(budget.isSpent('a')).toBe(true);
  });
});
