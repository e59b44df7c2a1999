import type { EventLoopUtilization } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { createFloodWatch } from './flood-watch.ts';

/** An event loop that has been busy for so many of so many milliseconds since the look before. */
function eventLoop() {
  let total = { idle: 0, active: 0, utilization: 0 };
  const between = (now: EventLoopUtilization, before: EventLoopUtilization) => {
    const [idle, active] = [now.idle - before.idle, now.active - before.active];
    return { idle, active, utilization: active / (idle + active) };
  };
  return {
    run(active: number, ms: number) {
      total = { ...total, active: total.active + active, idle: total.idle + ms - active };
    },
    utilization: (now?: EventLoopUtilization, before?: EventLoopUtilization) =>
      now === undefined || before === undefined ? total : between(now, before),
  };
}

it('needs both: deliveries that wait, and a loop that has had hardly a pause since the last look', () => {
  let waiting = 0;
  const loop = eventLoop();
  const isFlooded = createFloodWatch(() => waiting, loop.utilization);

  loop.run(50, 50);
  expect(isFlooded()).toBe(false);
  waiting = 64;
  loop.run(50, 50);
  expect(isFlooded()).toBe(true);
  // A slow disk: they wait, and there is time for other work.
  loop.run(10, 50);
  expect(isFlooded()).toBe(false);
  // What was before the last look counts no more.
  loop.run(50, 50);
  expect(isFlooded()).toBe(true);
});
