import type { TenantId } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGroupCommit, type StoredInbound } from './group-commit.ts';
import type { NewInbound } from './inbound-delivery.ts';

const delivery = (id: string, bytes = 1, integrationId = 'integration'): NewInbound => ({
  tenantId: 'tenant' as TenantId,
  id,
  integrationId,
  endpointId: 'endpoint',
  webhookId: 'acme.things',
  externalId: null,
  kind: null,
  receivedAt: new Date(0),
  headers: [],
  body: new Uint8Array(bytes),
  key: '00'.repeat(32),
});
const stored = (batch: readonly NewInbound[]): StoredInbound[] => batch.map(({ id }) => ({ id, duplicate: false }));

/** A writer whose commits the test ends by hand. */
function heldWriter() {
  const batches: { readonly ids: readonly string[]; commit(): void; fail(error: Error): void }[] = [];
  const write = (batch: readonly NewInbound[]) =>
    new Promise<readonly StoredInbound[]>((resolve, reject) => {
      batches.push({ ids: batch.map(({ id }) => id), commit: () => resolve(stored(batch)), fail: reject });
    });
  return { batches, write };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('group commit', () => {
  it('answers nobody before the commit, and each with its own outcome', async () => {
    const { batches, write } = heldWriter();
    const commit = createGroupCommit({ write, concurrency: 1 });
    const answered: string[] = [];
    for (const id of ['a', 'b']) void commit.store(delivery(id)).then((outcome) => answered.push(outcome.id));
    await turn();

    expect(batches.map(({ ids }) => ids)).toEqual([['a', 'b']]);
    expect(answered).toEqual([]);
    void commit.store(delivery('c')).then((outcome) => answered.push(outcome.id));
    await turn();
    expect(batches).toHaveLength(1);
    batches[0]?.commit();
    await expect.poll(() => answered).toEqual(['a', 'b']);
    await expect.poll(() => batches.at(1)?.ids).toEqual(['c']);
    batches[1]?.commit();
    await expect.poll(() => answered).toEqual(['a', 'b', 'c']);
    expect(commit.waiting).toBe(0);
  });

  it('begins a commit beside another only for a crowd', async () => {
    const { batches, write } = heldWriter();
    const commit = createGroupCommit({ write, concurrency: 2, leastBeside: 3 });
    const all = [commit.store(delivery('a'))];
    await turn();
    for (const id of ['b', 'c']) all.push(commit.store(delivery(id)));
    await turn();
    expect(batches.map(({ ids }) => ids)).toEqual([['a']]);
    all.push(commit.store(delivery('d')));
    await turn();
    expect(batches.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c', 'd']]);
    for (const id of ['e', 'f', 'g']) all.push(commit.store(delivery(id)));
    await turn();
    expect(batches).toHaveLength(2);
    batches[1]?.commit();
    await expect.poll(() => batches.at(2)?.ids).toEqual(['e', 'f', 'g']);
    for (const batch of batches) batch.commit();
    await Promise.all(all);
  });

  it('tells all of a batch when it could not be written, and goes on', async () => {
    const { batches, write } = heldWriter();
    const commit = createGroupCommit({ write, concurrency: 1 });
    const both = Promise.allSettled([commit.store(delivery('a')), commit.store(delivery('b'))]);
    await turn();
    batches[0]?.fail(new Error('no database'));

    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = commit.store(delivery('c'));
    await turn();
    batches[1]?.commit();
    expect(await next).toEqual({ id: 'c', duplicate: false });
  });

  it('refuses what it cannot hold, by count and by bytes, and says when to come back', async () => {
    const { batches, write } = heldWriter();
    const commit = createGroupCommit({ write, maxWaiting: 2, maxWaitingBytes: 10, largestShare: 1 });
    const first = commit.store(delivery('a', 8));

    await expect(commit.store(delivery('b', 3))).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
    const second = commit.store(delivery('c', 1));
    await expect(commit.store(delivery('d', 1))).rejects.toMatchObject({ code: 'unavailable' });
    await turn();
    for (const batch of batches) batch.commit();
    await Promise.all([first, second]);
    expect(commit.waiting).toBe(0);
  });

  it.each([
    ['places', 5, 1],
    ['bytes', 1, 50],
  ])('leaves half of its %s to the other integrations', async (_what, taken, bytes) => {
    const { batches, write } = heldWriter();
    const commit = createGroupCommit({ write, maxWaiting: 10, maxWaitingBytes: 100 });
    const noisy = Array.from({ length: taken }, (_, index) => commit.store(delivery(`noisy ${index}`, bytes, 'noisy')));

    await expect(commit.store(delivery('too much', bytes, 'noisy'))).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterMs: 1_000,
      message: expect.stringContaining('this integration'),
    });
    const quiet = Array.from({ length: taken }, (_, index) => commit.store(delivery(`quiet ${index}`, bytes, 'quiet')));
    await turn();
    for (const batch of batches) batch.commit();
    expect(await Promise.all([...noisy, ...quiet])).toHaveLength(2 * taken);

    const again = commit.store(delivery('again', bytes, 'noisy'));
    await turn();
    batches.at(-1)?.commit();
    expect(await again).toEqual({ id: 'again', duplicate: false });
  });

  it('stores what it has taken before it closes, and takes nothing more', async () => {
    const written: string[] = [];
    const commit = createGroupCommit({
      maxBatch: 1,
      concurrency: 1,
      async write(batch) {
        await turn();
        written.push(...batch.map(({ id }) => id));
        return stored(batch);
      },
    });
    const taken = Promise.all(['a', 'b', 'c'].map((id) => commit.store(delivery(id))));
    await commit.close();

    expect(written).toEqual(['a', 'b', 'c']);
    await taken;
    await expect(commit.store(delivery('d'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('keeps every batch within its bounds and stores everything once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }), async (sizes) => {
        const written: string[] = [];
        const commit = createGroupCommit({
          maxBatch: 4,
          maxBatchBytes: 12,
          concurrency: 1,
          async write(batch) {
            const bytes = batch.reduce((sum, { body }) => sum + body.length, 0);
            expect(batch.length).toBeLessThanOrEqual(4);
            if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(12);
            written.push(...batch.map(({ id }) => id));
            return stored(batch);
          },
        });
        await Promise.all(sizes.map((bytes, index) => commit.store(delivery(String(index), bytes))));
        expect(written).toEqual(sizes.map((_, index) => String(index)));
      }),
    );
  });
});
