import { HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { quietLog } from '../testing.ts';
import { createDurableIdempotencyStore } from './durable-idempotency-store.ts';
import type { ClaimEnd, IdempotencyBackend } from './idempotency-backend.ts';

/** Another replica is at it. */
const othersCall: IdempotencyBackend = {
  claim: async () => ({ state: 'running' }),
  end: async () => undefined,
  isRunning: async () => true,
};

const request = { key: 't/i/a/k', fingerprint: 'f', safe: false, leaseMs: 30_000 };

/** A backend that claims whatever it is asked, and can be taken away. */
function setUp() {
  const clock = createFakeClock();
  const shelf = { away: false, owner: '', ends: [] as { owner: string; end: ClaimEnd }[] };
  const reach = () => {
    if (shelf.away) throw new HubError('unavailable', 'Away.');
  };
  const backend: IdempotencyBackend = {
    async claim(_, owner) {
      shelf.owner = owner;
      reach();
      return { state: 'claimed' };
    },
    async end(_, owner, end) {
      reach();
      shelf.ends.push({ owner, end });
    },
    isRunning: async () => true,
  };
  const warned: string[] = [];
  const log = { ...quietLog, warn: (_: object, message: string) => void warned.push(message) };
  return { clock, shelf, warned, store: createDurableIdempotencyStore({ backend, clock, log }) };
}

describe('durable idempotency keys whose backend is away', () => {
  it('refuse the call, and give back what may have been claimed nevertheless', async () => {
    const { clock, shelf, store } = setUp();
    shelf.away = true;

    await expect(async () => store.claim(request)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Try again with the same key'),
    });
    const { owner } = shelf;
    shelf.away = false;
    await clock.advance(1_000);

    expect(shelf.ends).toEqual([{ owner, end: 'released' }]);
  });

  it('write a result as soon as it is back', async () => {
    const { clock, shelf, warned, store } = setUp();
    await store.claim(request);
    shelf.away = true;
    await store.finish(request.key, { ok: true, value: 1 });
    await clock.advance(10_000);
    expect(shelf.ends).toEqual([]);

    shelf.away = false;
    await clock.advance(5_000);

    expect(shelf.ends).toEqual([{ owner: shelf.owner, end: { outcome: '{"ok":true,"value":1}' } }]);
    expect(warned).toHaveLength(1);
  });

  it('stop trying when the claim’s time is over', async () => {
    const { clock, shelf, store } = setUp();
    await store.claim(request);
    shelf.away = true;
    await store.finish(request.key, { ok: true, value: 1 });
    await clock.advance(40_000);
    expect(clock.sleeping).toBe(0);
  });

  it('try once more when they are closed', async () => {
    const { shelf, store } = setUp();
    await store.claim(request);
    shelf.away = true;
    await store.finish(request.key, { ok: true, value: 1 });
    shelf.away = false;

    await store.close();

    expect(shelf.ends).toHaveLength(1);
  });

  it('let twins wait until they lose patience', async () => {
    const clock = createFakeClock();
    const isRunning = async () => Promise.reject(new HubError('unavailable'));
    const store = createDurableIdempotencyStore({ backend: { ...othersCall, isRunning }, clock, log: quietLog });
    const twin = await store.claim(request);
    if (twin.state !== 'running') throw new Error(twin.state);
    const caller = new AbortController();
    const settled = twin.settled(caller.signal);
    await clock.advance(5_000);

    caller.abort(new HubError('deadline_exceeded'));

    await expect(settled).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});

it('asks about another replica’s call once for all who wait', async () => {
  const clock = createFakeClock();
  let asked = 0;
  const isRunning = async () => {
    asked += 1;
    return asked < 4;
  };
  const store = createDurableIdempotencyStore({ backend: { ...othersCall, isRunning }, clock, log: quietLog });
  const twins = await Promise.all(Array.from({ length: 20 }, () => store.claim(request)));
  const waits = twins.map((twin) => twin.state === 'running' && twin.settled(new AbortController().signal));

  await clock.advance(20 + 40 + 80 + 160);

  await Promise.all(waits);
  expect(asked).toBe(4);
});
