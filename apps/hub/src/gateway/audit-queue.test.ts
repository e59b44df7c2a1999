import type { TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../audit/audit.ts';
import { createAuditQueue } from './audit-queue.ts';

const tenant = 't1' as TenantId;
const other = 't2' as TenantId;
const record = (requestId: string): AuditRecord => ({
  actor: { kind: 'api_key', id: 'k', name: 'Key' },
  action: 'action.execute',
  target: { type: 'integration', id: 'i' },
  outcome: 'success',
  requestId,
});

function setUp(bounds: { maxPerTenant?: number; max?: number } = {}) {
  const clock = createFakeClock();
  const batches: { tenantId: TenantId; ids: string[] }[] = [];
  const errors: object[] = [];
  const failing = new Set<TenantId>();
  let gate: Promise<void> = Promise.resolve();
  const quiet = () => undefined;
  const queue = createAuditQueue({
    clock,
    log: { debug: quiet, info: quiet, warn: quiet, error: (fields) => errors.push(fields) },
    maxPerTenant: 1_000,
    max: 5_000,
    ...bounds,
    async writeAudit(tenantId, records) {
      await gate;
      if (failing.has(tenantId)) throw new Error('sink is down');
      batches.push({ tenantId, ids: (records as readonly AuditRecord[]).map(({ requestId }) => requestId) });
    },
  });
  const put = async (requestId: string, tenantId = tenant) => {
    await queue.reserve(tenantId);
    queue.put(tenantId, record(requestId));
  };
  /** Holds every write until the returned function is called. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { clock, queue, batches, errors, failing, put, hold };
}

describe('audit queue', () => {
  it('writes a batch for each tenant within 50 ms, in order', async () => {
    const { clock, batches, put } = setUp();
    await put('1');
    await put('2', other);
    await put('3');
    expect(batches).toEqual([]);

    await clock.advance(50);

    expect(batches).toEqual([
      { tenantId: tenant, ids: ['1', '3'] },
      { tenantId: other, ids: ['2'] },
    ]);
    expect(clock.sleeping).toBe(0);
  });

  it('does not wait for the tick once a batch is full', async () => {
    const { clock, batches, put } = setUp();

    for (let i = 0; i < 500; i += 1) await put(String(i));
    await clock.advance(0);

    expect(batches.map(({ ids }) => ids.length)).toEqual([500]);
  });

  it('makes callers wait while it is full, and lets them in when there is room', async () => {
    const { clock, queue, batches, put, hold } = setUp({ maxPerTenant: 2 });
    const release = hold();
    await put('1');
    await put('2');
    let entered = false;
    const third = Promise.resolve(queue.reserve(tenant)).then(() => {
      entered = true;
    });
    await clock.advance(100);
    expect(entered).toBe(false);
    await put('x', other);

    release();
    await third;

    expect(batches[0]).toEqual({ tenantId: tenant, ids: ['1', '2'] });
  });

  it('counts places of calls in flight, so that a call that ran finds room', async () => {
    const { clock, queue } = setUp({ maxPerTenant: 2 });
    await queue.reserve(tenant);
    await queue.reserve(tenant);

    const third = Promise.resolve(queue.reserve(tenant)).catch((error: unknown) => error);
    await clock.advance(5_000);

    expect(await third).toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
  });

  it('keeps what a failing sink does not take, refuses when full, complains once a minute, and recovers with nothing lost', async () => {
    const { clock, queue, batches, errors, failing, put } = setUp({ maxPerTenant: 3 });
    failing.add(tenant);
    for (const id of ['1', '2', '3']) await put(id);
    await clock.advance(20_000);

    expect(() => queue.reserve(tenant)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(errors).toHaveLength(1);
    await put('y', other);
    await clock.advance(50);
    expect(batches).toEqual([{ tenantId: other, ids: ['y'] }]);

    await clock.advance(60_000);
    expect(errors).toHaveLength(2);
    failing.clear();
    await clock.advance(5_000);
    expect(batches.at(-1)).toEqual({ tenantId: tenant, ids: ['1', '2', '3'] });
    await put('4');
  });

  it('keeps what came while a batch was being written', async () => {
    const { clock, batches, put, hold } = setUp();
    const release = hold();
    await put('1');
    await clock.advance(50);
    await put('2');

    release();
    await clock.advance(100);

    expect(batches.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
  });

  it('bounds all tenants together', async () => {
    const { clock, queue, put } = setUp({ max: 2 });
    await put('1');
    await put('2', other);

    const third = Promise.resolve(queue.reserve('t3' as TenantId));
    await clock.advance(50);

    expect(await third).toBeUndefined();
  });

  it('writes everything on close, also after a failure that has passed, and leaves no timer', async () => {
    const { clock, queue, batches, failing, put } = setUp();
    failing.add(tenant);
    for (let i = 0; i < 501; i += 1) await put(String(i));
    await clock.advance(60);
    failing.clear();
    await put('z', other);

    await queue.close();

    expect(batches.flatMap(({ ids }) => ids)).toHaveLength(502);
    expect(clock.sleeping).toBe(0);
  });

  it('says how many records are lost when the sink is down at the end', async () => {
    const { queue, errors, failing, put } = setUp();
    failing.add(tenant);
    await put('1');

    await queue.close();

    expect(errors).toContainEqual({ records: 1 });
  });

  it('still takes the record of a call that ends during close', async () => {
    const { queue, batches } = setUp();
    await queue.reserve(tenant);
    const closing = queue.close();
    queue.put(tenant, record('late'));

    await closing;
    await Promise.resolve();

    expect(batches).toEqual([{ tenantId: tenant, ids: ['late'] }]);
  });
});
