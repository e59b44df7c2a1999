import { type Clock, systemClock } from '@inthub/contracts';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import type { App } from './fastify-types.ts';
import { createAdmission, createGate, registerLoadShedding } from './load-shedding.ts';
import { registerProblems } from './problems.ts';

let nowMs = 0;
const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
let lagMs = 0;
const lag = { read: () => lagMs, close: () => undefined };

/** Requests of some seconds, evenly spread; how many a second got in. */
function offer(admission: { take(): boolean }, perSecond: number, seconds: number): number {
  let admitted = 0;
  for (let sent = 0; sent < perSecond * seconds; sent += 1) {
    nowMs += 1_000 / perSecond;
    if (admission.take()) admitted += 1;
  }
  return admitted / seconds;
}

it('admits everything while the event loop is on time, however much it is', () => {
  lagMs = 5;
  expect(offer(createAdmission(clock, lag), 20_000, 2)).toBe(20_000);
});

it('admits fewer while the loop runs late, never none, and all again once it is on time', () => {
  const admission = createAdmission(clock, lag);
  lagMs = 5;
  offer(admission, 5_000, 1);
  lagMs = 300;
  offer(admission, 5_000, 5);
  expect(offer(admission, 5_000, 1)).toBeLessThan(100);
  expect(offer(admission, 5_000, 1)).toBeGreaterThanOrEqual(18);
  lagMs = 5;
  offer(admission, 5_000, 10);
  expect(offer(admission, 5_000, 1)).toBe(5_000);
});

it('finds the rate that can be served, and keeps near it', () => {
  const admission = createAdmission(clock, lag);
  // A hub that can serve 3 000 a second: above it, the loop runs late.
  let served = 0;
  const rates: number[] = [];
  for (let turn = 0; turn < 300; turn += 1) {
    served = offer(admission, 10_000, 0.1);
    lagMs = served > 3_000 ? 200 : 5;
    if (turn > 100) rates.push(served);
  }
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(mean).toBeGreaterThan(2_000);
  expect(mean).toBeLessThan(3_600);
});

it('refuses only a crowd: 503 with Retry-After before anything else is done; probes pass', async () => {
  let begun = 0;
  const open = Promise.withResolvers<void>();
  const app = Fastify() as unknown as App;
  registerProblems(app);
  registerLoadShedding(app, createGate(clock, lag));
  app.get('/work', async () => {
    begun += 1;
    await open.promise;
    return {};
  });
  app.get('/probe', { config: { untraced: true } }, async () => ({}));
  lagMs = 1_000;
  const ask = (url: string) => {
    nowMs += 1;
    // Asked for at once: the promise of `inject` begins only when it is waited for.
    return app.inject({ url }).then((answer) => answer);
  };

  const crowd = Array.from({ length: 600 }, () => ask('/work'));
  const refused = await ask('/work');
  expect(refused.statusCode).toBe(503);
  expect(refused.headers).toMatchObject({
    'retry-after': '1',
    'content-type': expect.stringContaining('application/problem+json'),
  });
  expect(refused.json()).toMatchObject({ code: 'unavailable', retryable: true });
  expect(begun).toBeGreaterThanOrEqual(256);
  expect(begun).toBeLessThan(600);
  expect((await ask('/probe')).statusCode).toBe(200);

  open.resolve();
  const answers = await Promise.all(crowd);
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(begun);
  // The crowd is gone: the loop is as late as before, yet nobody is refused.
  expect((await ask('/work')).statusCode).toBe(200);
  await app.close();
});
