/** A consumer that loses its lease because it was slow: what it had in hand is tried again, and only a process that is gone makes it a dead letter. */
import type { TenantId } from '@inthub/contracts';
import { type Nats, peersOrSkip, startNats } from '@inthub/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { startTestBus, type TestBus } from './testing.ts';

const peers = await peersOrSkip(['nats-server']);
const patient = { timeout: 30_000, interval: 20 };
const maxRetries = 2;

describe.each(['postgres', 'nats'] as const)('on %s', (kind) => {
  describe.skipIf(kind === 'nats' && peers.skip)(peers.reason, () => {
    let nats: Nats | undefined;
    let test: OpenTestDatabase;
    let admin: pg.Client;
    let bus: TestBus;
    /** Another process, which lives until it is closed. */
    let other: TestBus;
    let tenantId: TenantId;
    beforeAll(async () => {
      if (kind === 'nats') nats = await startNats();
    });
    afterAll(async () => {
      await nats?.stop();
    });
    beforeEach(async () => {
      test = await openTestDatabase({ maxConnections: 6 });
      admin = new pg.Client({ connectionString: test.url });
      await admin.connect();
      tenantId = await createTestTenant(test.database);
      bus = await startTestBus({ test, natsUrl: nats?.url, leaseMs: 300 });
      other = await startTestBus({ test, natsUrl: nats?.url });
    });
    afterEach(async () => {
      await bus?.close();
      await other?.close();
      await admin?.end();
      await test?.close();
    });

    const publish = (n: number) =>
      bus.publish({ tenantId, type: 'slow.tested', source: 'hub', data: { n }, correlationId: 'c' });
    const letters = async () =>
      (await bus.deadLetters.list(tenantId, { limit: 100 })).items.map(({ event }) => event.data['n']);
    const waiting = async () =>
      (
        await admin.query<{ n: number; starts: number }>(
          "SELECT (event->'data'->>'n')::int AS n, starts FROM inthub.bus_redeliveries ORDER BY n",
        )
      ).rows;

    it('takes its starts back, however often it is too slow', async () => {
      const rounds = 5;
      let tries = 0;
      let isDone = false;
      const stop = bus.subscribe(
        'slow.*',
        async (_event, { signal }) => {
          tries += 1;
          if (tries === 1) throw new Error('not yet');
          if (tries > rounds) {
            isDone = true;
            return;
          }
          // As if this process had been too late to renew it, and the other had been quick.
          await admin.query(
            `UPDATE inthub.bus_consumers SET lease_id = gen_random_uuid(), holder = $1, lease_until = clock_timestamp() - interval '1 s'`,
            [other.listener.presence],
          );
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        },
        { consumer: 'slow', maxRetries, retryDelaysMs: [20] },
      );
      await stop.ready;
      await publish(1);

      await expect.poll(() => isDone, patient).toBe(true);
      await expect.poll(waiting, patient).toEqual([]);
      expect(await letters()).toEqual([]);
      await stop();
    });

    it('leaves to wait what a living process has begun too often, tries it again in the end, and gives up when that is gone', async () => {
      const handled: unknown[] = [];
      const failed = new Set<unknown>();
      const stop = bus.subscribe(
        'slow.*',
        async ({ data }) => {
          if (!failed.has(data['n'])) {
            failed.add(data['n']);
            throw new Error('not yet');
          }
          handled.push(data['n']);
        },
        { consumer: 'slow', maxRetries, retryDelaysMs: [60_000] },
      );
      await stop.ready;
      for (const n of [1, 2, 3]) await publish(n);
      await expect.poll(async () => (await waiting()).length, patient).toBe(3);
      const began = async (n: number, agoMs: number) => {
        await admin.query(
          "UPDATE inthub.bus_redeliveries SET starts = $2, started_by = $3, due_at = clock_timestamp() - $4 * interval '1 ms' WHERE event->'data'->>'n' = $1",
          [String(n), maxRetries, other.listener.presence, agoMs],
        );
      };
      await began(1, 0);
      // Twice the time that a handler has, and more.
      await began(2, 121_000);

      await expect.poll(() => handled, patient).toEqual([2]);
      expect(await letters()).toEqual([]);
      expect((await waiting()).map(({ n }) => n)).toContain(1);

      await other.close();
      await expect.poll(letters, patient).toEqual([1]);
      expect(handled).toEqual([2]);
      await stop();
    });
  });
});
