import { createId, HubError, type IntegrationId, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { createEventLog } from './event-log.ts';
import type { NewEvent } from './new-event.ts';

let test: OpenTestDatabase;
let clock: FakeClock;
let tenantId: TenantId;

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => {
  await test?.close();
});
beforeEach(async () => {
  clock = createFakeClock('2026-11-21T10:00:00Z');
  tenantId = await createTestTenant(test.database);
});

const logOf = () => createEventLog({ database: test.database, clock });
const event = (type: string, source = 'hub', data: Record<string, unknown> = {}): NewEvent => ({
  type,
  source,
  data,
  correlationId: 'req-1',
});
const types = async (query: { source?: string; type?: string } = {}) =>
  (await logOf().list(tenantId, { limit: 100, ...query })).items.map(({ type }) => type);

describe('event log', () => {
  it('gives an event back as its envelope', async () => {
    const source = createId<IntegrationId>();
    const id = await test.database.tenant(tenantId, (tx) =>
      logOf().append(tx, {
        ...event('integration.created', source, { name: 'a', nested: [1, { b: null }] }),
        connectorId: 'oci',
        connectorVersion: '1.2.3',
      }),
    );

    expect((await logOf().list(tenantId, { limit: 10 })).items).toEqual([
      {
        id,
        type: 'integration.created',
        source,
        tenantId,
        timestamp: '2026-11-21T10:00:00.000Z',
        data: { name: 'a', nested: [1, { b: null }] },
        correlationId: 'req-1',
        metadata: { connectorId: 'oci', connectorVersion: '1.2.3', deliveryAttempt: 0 },
      },
    ]);
  });

  it('keeps no event of a change that was rolled back', async () => {
    const failed = test.database.tenant(tenantId, async (tx) => {
      await logOf().append(tx, event('integration.created'));
      throw new HubError('conflict');
    });

    await expect(failed).rejects.toMatchObject({ code: 'conflict' });
    expect(await types()).toEqual([]);
  });

  it('lists newest first, in the order of writing within one moment, by source and type pattern', async () => {
    await test.database.tenant(tenantId, (tx) =>
      logOf().appendAll(tx, [event('integration.created', 'one'), event('integration.updated', 'two')]),
    );
    await clock.advance(1);
    await test.database.tenant(tenantId, (tx) =>
      logOf().appendAll(tx, [event('credential.rotated', 'one'), event('integrations.other', 'two')]),
    );

    expect(await types()).toEqual([
      'integrations.other',
      'credential.rotated',
      'integration.updated',
      'integration.created',
    ]);
    expect(await types({ source: 'one' })).toEqual(['credential.rotated', 'integration.created']);
    expect(await types({ type: 'integration.*' })).toEqual(['integration.updated', 'integration.created']);
    expect(await types({ type: 'integration.created' })).toEqual(['integration.created']);
    expect(await types({ type: 'integration.*', source: 'two' })).toEqual(['integration.updated']);
    await expect(logOf().list(tenantId, { type: 'integration%', limit: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('pages without repeating or skipping, also within one millisecond, while new events arrive', async () => {
    await test.database.tenant(tenantId, (tx) =>
      logOf().appendAll(
        tx,
        Array.from({ length: 7 }, (_, index) => event(`test.event_${index}`)),
      ),
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await logOf().list(tenantId, { limit: 3, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items.map(({ type }) => type));
      cursor = page.nextCursor;
      await clock.advance(1);
      await test.database.tenant(tenantId, (tx) => logOf().append(tx, event('test.late')));
    } while (cursor !== null);

    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `test.event_${index}`));
  });

  it('refuses a cursor of another filter', async () => {
    await test.database.tenant(tenantId, (tx) => logOf().appendAll(tx, [event('a.b'), event('a.b')]));
    const { nextCursor } = await logOf().list(tenantId, { limit: 1 });

    await expect(logOf().list(tenantId, { limit: 1, type: 'a.b', cursor: nextCursor ?? '' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('shows nothing of another tenant', async () => {
    await test.database.tenant(tenantId, (tx) => logOf().append(tx, event('a.b')));
    const other = await createTestTenant(test.database);

    expect((await logOf().list(other, { limit: 10 })).items).toEqual([]);
  });

  it('stores what providers send, whatever it is, and refuses what is too large', async () => {
    const hostile = { 'a\u0000b': 'c\ud800\u0000', list: [undefined, Number.NaN], __proto__: null };
    await test.database.tenant(tenantId, (tx) => logOf().append(tx, event('a.b', 'hub', hostile)));
    const tooLarge = test.database.tenant(tenantId, (tx) =>
      logOf().append(tx, event('a.b', 'hub', { text: 'x'.repeat(300_000) })),
    );

    await expect(tooLarge).rejects.toMatchObject({ code: 'payload_too_large' });
    const [stored] = (await logOf().list(tenantId, { limit: 10 })).items;
    expect(stored?.data).toEqual({ ab: 'c\ufffd', list: [null, null] });
  });

  it('is append-only for the application', async () => {
    await test.database.tenant(tenantId, (tx) => logOf().append(tx, event('a.b')));
    const change = (statement: 'updateTable' | 'deleteFrom') =>
      test.database.tenant(tenantId, async ({ db }) => {
        const tables = db.withTables<{ events: { source: string } }>();
        if (statement === 'updateTable') await tables.updateTable('events').set({ source: 'x' }).execute();
        else await tables.deleteFrom('events').execute();
      });

    await expect(change('updateTable')).rejects.toMatchObject({ code: '42501' });
    await expect(change('deleteFrom')).rejects.toMatchObject({ code: '42501' });
  });
});
