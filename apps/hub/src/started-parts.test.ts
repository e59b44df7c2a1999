import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createStartedParts } from './started-parts.ts';

function setUp() {
  const clock = createFakeClock();
  const told: string[] = [];
  const errors: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const parts = createStartedParts(log, clock);
  const add = (name: string, stop: () => unknown = () => undefined) =>
    parts.add({
      name,
      stop: () => {
        told.push(`stop ${name}`);
        return stop();
      },
      hurry: () => void told.push(`hurry ${name}`),
      cut: () => void told.push(`cut ${name}`),
    });
  return { clock, told, errors, parts, add };
}

describe('createStartedParts', () => {
  it('stops in reverse order, once, without hurry, and leaves no timer', async () => {
    const { clock, told, parts, add } = setUp();
    add('a');
    add('b', async () => undefined);

    await Promise.all([parts.stop(), parts.stop()]);

    expect(told).toEqual(['stop b', 'stop a']);
    expect(clock.sleeping).toBe(0);
  });

  it('goes on when a part fails', async () => {
    const { told, errors, parts, add } = setUp();
    add('a');
    add('b', () => {
      throw new Error('broken');
    });
    await parts.stop();

    expect(told).toEqual(['stop b', 'stop a']);
    expect(errors).toMatchObject([{ part: 'b' }]);
  });

  it('hurries what is under way after the grace time, and again, then cuts it', async () => {
    const { clock, told, parts, add } = setUp();
    const ended = Promise.withResolvers<void>();
    add('a', () => ended.promise);
    const stopping = parts.stop();

    await clock.advance(9_999);
    expect(told).toEqual(['stop a']);
    await clock.advance(1);
    expect(told.slice(1)).toEqual(['hurry a']);
    await clock.advance(4_999);
    expect(told.slice(1)).toEqual(Array(5).fill('hurry a'));
    await clock.advance(1);
    expect(told.at(-1)).toBe('cut a');
    ended.resolve();
    await stopping;
    expect(clock.sleeping).toBe(0);
  });

  it('never takes longer than its bound, but for two seconds for each part that hangs', async () => {
    const { clock, told, errors, parts, add } = setUp();
    const never = () => new Promise<void>(() => undefined);
    add('a', never);
    add('b', never);
    add('c');
    add('d', never);
    const stopping = parts.stop();
    let over = false;
    void stopping.then(() => {
      over = true;
    });

    await clock.advance(25_000);
    expect(told.filter((what) => what.startsWith('stop'))).toEqual(['stop d', 'stop c', 'stop b']);
    await clock.advance(4_000);
    await stopping;

    expect(over).toBe(true);
    expect(errors).toMatchObject([{ part: 'd' }, { part: 'b' }, { part: 'a' }]);
    expect(clock.sleeping).toBe(0);
  });
});
