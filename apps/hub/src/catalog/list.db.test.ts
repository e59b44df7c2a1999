import type { Integration } from '@inthub/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IntegrationFilter } from './catalog.ts';
import { type CatalogRig, openCatalogRig, registryType, type TenantRig } from './testing.ts';

let rig: CatalogRig;
let tenant: TenantRig;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  const scm = registryType({
    id: 'scm.github',
    connectorId: 'github',
    manifest: { ...registryType().manifest, id: 'scm.github', category: 'source_control' },
  });
  tenant = await rig.tenant({ types: [registryType(), scm] });
});

const list = async (filter: IntegrationFilter = {}, limit = 100) =>
  (await tenant.catalog.list(tenant.id, filter, { limit })).items;
const names = async (filter: IntegrationFilter = {}) => (await list(filter)).map(({ name }) => name);

/** All pages, with `between` run after each but the last. */
async function walk(filter: IntegrationFilter, limit: number, between: () => Promise<void> = async () => {}) {
  const seen: Integration[] = [];
  let cursor: string | null = null;
  do {
    const page = await tenant.catalog.list(tenant.id, filter, { limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    seen.push(...page.items);
    cursor = page.nextCursor;
    if (cursor !== null) await between();
  } while (cursor !== null);
  return seen;
}

describe('listing', () => {
  it('goes by name in code point order', async () => {
    for (const name of ['b', 'a', 'B', 'é', 'e', 'Z', '10', '9', 'a b', '😀', '\uffee']) await tenant.create({ name });

    expect(await names()).toEqual(['10', '9', 'B', 'Z', 'a', 'a b', 'b', 'e', 'é', '\uffee', '😀']);
  });

  it('filters by each field, and by several at once', async () => {
    const config = { endpoint: 'https://x.example.com', authMode: 'none' };
    await tenant.create({
      name: 'a',
      environment: 'prod',
      tags: ['red', 'blue'],
      ownerId: 'o1',
      description: 'Main registry',
    });
    await tenant.create({ name: 'b', environment: 'dev', tags: ['red'], ownerId: 'o2', submit: true });
    await tenant.create({ name: 'c', type: 'scm.github', config, tags: ['blue'] });

    expect(await names({ type: 'registry.oci' })).toEqual(['a', 'b']);
    expect(await names({ category: 'source_control' })).toEqual(['c']);
    expect(await names({ connector: 'oci' })).toEqual(['a', 'b']);
    expect(await names({ status: 'pending_verification' })).toEqual(['b']);
    expect(await names({ health: 'unknown' })).toEqual(['a', 'b', 'c']);
    expect(await names({ health: 'healthy' })).toEqual([]);
    expect(await names({ environment: 'prod' })).toEqual(['a']);
    expect(await names({ tag: 'red' })).toEqual(['a', 'b']);
    expect(await names({ tag: 'blue' })).toEqual(['a', 'c']);
    expect(await names({ owner: 'o2' })).toEqual(['b']);
    expect(await names({ tag: 'red', environment: 'dev', status: 'pending_verification' })).toEqual(['b']);
    expect(await names({ q: 'MAIN reg' })).toEqual(['a']);
    expect(await names({ tag: 'nothing' })).toEqual([]);
  });

  it('takes free text literally, without regard to case', async () => {
    for (const name of ['100%', '1000', 'a_b', 'aXb', 'back\\slash', 'ÉTÉ']) await tenant.create({ name });

    expect(await names({ q: '0%' })).toEqual(['100%']);
    expect(await names({ q: 'A_B' })).toEqual(['a_b']);
    expect(await names({ q: '\\' })).toEqual(['back\\slash']);
    expect(await names({ q: 'été' })).toEqual(['ÉTÉ']);
    expect(await names({ q: '1\u0000' })).toEqual([]);
    expect(await names({ type: '\ud800' })).toEqual([]);
    expect(await names({ q: "'; DROP TABLE integrations; --" })).toEqual([]);
  });

  it('follows tags and names as they change', async () => {
    const { id } = await tenant.create({ name: 'm', tags: ['old', 'both'] });
    await tenant.create({ name: 'n', tags: ['both'] });
    const change = (version: number, given: object) =>
      tenant.catalog.update(tenant.as('ada'), id, version, given, 'merge');

    await change(1, { tags: ['both', 'new'] });
    expect(await names({ tag: 'old' })).toEqual([]);
    expect(await names({ tag: 'new' })).toEqual(['m']);
    await change(2, { name: 'z' });
    expect(await names({ tag: 'both' })).toEqual(['n', 'z']);
    await change(3, { tags: [] });
    expect(await names({ tag: 'new' })).toEqual([]);
  });

  it('refuses a cursor that it did not hand out for this filter', async () => {
    for (const name of ['a', 'b', 'c']) await tenant.create({ name });
    const { nextCursor } = await tenant.catalog.list(tenant.id, {}, { limit: 1 });
    const at = (filter: IntegrationFilter, cursor: string) =>
      tenant.catalog.list(tenant.id, filter, { limit: 1, cursor });

    await expect(at({ type: 'registry.oci' }, nextCursor ?? '')).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(at({}, 'x')).rejects.toMatchObject({ code: 'invalid_cursor', errors: [{ path: '/cursor' }] });
    expect((await at({}, nextCursor ?? '')).items).toMatchObject([{ name: 'b' }]);
  });

  it('ends a full last page with no cursor', async () => {
    for (const name of ['a', 'b']) await tenant.create({ name });

    expect(await tenant.catalog.list(tenant.id, {}, { limit: 2 })).toMatchObject({ nextCursor: null });
    expect(await tenant.catalog.list(tenant.id, { q: 'nothing' }, { limit: 2 })).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('shows counters', async () => {
    const { id } = await tenant.create();
    const lastActivityAt = rig.clock.now();
    await tenant.catalog.addUsage(tenant.id, [
      { integrationId: id, requests: 3, errors: 1, latencyMs: 90, lastActivityAt },
    ]);

    expect((await list())[0]?.usage).toEqual({
      totalRequests: 3,
      totalErrors: 1,
      averageLatencyMs: 30,
      last24hRequests: 3,
      lastActivityAt: lastActivityAt.toISOString(),
    });
  });
});

describe('paging', () => {
  const name = fc.stringMatching(/^[a-c]{1,3}$/);
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), name }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }),
  );

  it('never repeats or skips a row that stayed, whatever is inserted and removed between pages', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 1, maxLength: 14 }),
        fc.array(edit, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom<IntegrationFilter>({}, { tag: 'kept' }, { type: 'registry.oci' }, { owner: 'me' }, { q: 'a' }),
        async (initial, edits, limit, filter) => {
          tenant = await rig.tenant();
          const remove = (id: string) =>
            tenant.catalog.uninstall(tenant.as('ada'), id, { deleteData: true, revokeTokens: true });
          const make = (made: string) => tenant.create({ name: made, tags: ['kept'], ownerId: 'me' });
          const all = new Map<string, string>();
          for (const made of initial) all.set((await make(made)).id, made);
          const stayed = new Map(all);
          const todo = [...edits];

          const seen = await walk(filter, limit, async () => {
            const next = todo.shift();
            if (next === undefined) return;
            if (next.kind === 'insert') {
              if ([...all.values()].includes(next.name)) return;
              all.set((await make(next.name)).id, next.name);
            } else {
              const id = [...all.keys()][next.at % Math.max(1, all.size)];
              if (id === undefined) return;
              all.delete(id);
              stayed.delete(id);
              await remove(id);
            }
          });

          const ids = seen.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          for (const [id, made] of stayed) {
            if (filter.q === undefined || made.includes(filter.q)) expect(ids).toContain(id);
          }
          const order = seen.map((integration) => integration.name);
          expect(order).toEqual(order.toSorted());
        },
      ),
      { numRuns: 25 },
    );
  });
});
