/** An audit on a database of its own, and somebody in that database who may do everything but does not hold the chain key. */
import { createFakeClock } from '@inthub/testing';
import pg from 'pg';
import { openTestDatabase } from '../database/testing.ts';
import { createAuditLog } from './audit.ts';

export type AuditRig = Awaited<ReturnType<typeof openAuditRig>>;

export async function openAuditRig(options: { readonly verifyBatchSize: number }) {
  const test = await openTestDatabase();
  const intruder = new pg.Client(test.url);
  await intruder.connect();
  await intruder.query("SET session_replication_role = 'replica'"); // switches triggers off
  return {
    database: test.database,
    intruder,
    /** An audit whose newest key is number `key`, and that holds no other unless given. */
    auditWith: (key: number, ...earlier: readonly number[]) =>
      createAuditLog({
        database: test.database,
        clock: createFakeClock('2026-11-21T10:00:00Z'),
        redact: (value) => value,
        chainKey: Buffer.alloc(32, key),
        earlierChainKeys: earlier.map((one) => Buffer.alloc(32, one)),
        ...options,
      }),
    async close() {
      await intruder.end();
      await test.close();
    },
  };
}
