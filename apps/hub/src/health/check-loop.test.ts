import { createFakeClock, type FakeClock } from '@inthub/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../database/testing.ts';
import { type CheckLoop, createCheckLoop } from './check-loop.ts';

let clock: FakeClock;
let due: string[];
let claims: number[];
let started: string[];
let most: number;
let open: Map<string, () => void>;
beforeEach(() => {
  clock = createFakeClock();
  due = [];
  claims = [];
  started = [];
  most = 0;
  open = new Map();
});

/** Jobs named `slow…` run until they are let go or aborted; the others end at once. */
function loopOf(claim = async (limit: number) => take(limit)): CheckLoop {
  return createCheckLoop<string>({
    claim,
    async run(job, signal) {
      started.push(job);
      if (!job.startsWith('slow')) return;
      await new Promise<void>((resolve) => {
        open.set(job, resolve);
        most = Math.max(most, open.size);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      open.delete(job);
    },
    concurrency: 3,
    tickMs: 1_000,
    clock,
    log: silentLog,
  });
}
function take(limit: number): string[] {
  claims.push(limit);
  return due.splice(0, limit);
}
const settle = () => clock.advance(0);

describe('check loop', () => {
  it('does all that is due, and says how much', async () => {
    due = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

    expect(await loopOf().untilIdle(new AbortController().signal)).toBe(7);
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(clock.sleeping).toBe(0);
  });

  it('goes on with the others while one is slow, and never claims more than it has places', async () => {
    due = ['slow 1', 'a', 'b', 'c', 'd', 'e'];
    const working = loopOf().untilIdle(new AbortController().signal);
    await settle();

    expect(started).toEqual(['slow 1', 'a', 'b', 'c', 'd', 'e']);
    expect(Math.max(...claims)).toBe(3);
    due.push('late');
    await clock.advance(1_000);
    expect(started).toContain('late');

    open.get('slow 1')?.();
    expect(await working).toBe(7);
  });

  it('fills its places and no more', async () => {
    due = ['slow 1', 'slow 2', 'slow 3', 'slow 4', 'slow 5'];
    const working = loopOf().untilIdle(new AbortController().signal);
    await clock.advance(5_000);
    expect([...open.keys()]).toEqual(['slow 1', 'slow 2', 'slow 3']);

    open.get('slow 2')?.();
    await settle();
    expect([...open.keys()]).toEqual(['slow 1', 'slow 3', 'slow 4']);
    for (let round = 0; round < 5; round++) {
      for (const release of [...open.values()]) release();
      await settle();
    }

    expect(await working).toBe(5);
    expect(most).toBe(3);
  });

  it('looks again after each tick, and waits for what runs when it is stopped', async () => {
    const stop = new AbortController();
    let isOver = false;
    const working = loopOf()
      .untilAborted(stop.signal)
      .then(() => {
        isOver = true;
      });
    await settle();
    due = ['slow 1'];
    await clock.advance(1_000);
    expect([...open.keys()]).toEqual(['slow 1']);
    expect(isOver).toBe(false);

    stop.abort();
    await working;
    expect(open.size).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('waits out a database that is away', async () => {
    const stop = new AbortController();
    let attempts = 0;
    const working = loopOf(async (limit) => {
      attempts += 1;
      if (attempts <= 2) throw new Error('away');
      return take(limit);
    }).untilAborted(stop.signal);
    due = ['a'];
    await clock.advance(2_500);

    expect(started).toEqual(['a']);
    stop.abort();
    await working;
  });
});
