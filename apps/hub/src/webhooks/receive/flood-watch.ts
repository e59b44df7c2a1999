import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** As `performance.eventLoopUtilization`: since the process began, or since `before`. */
type Utilization = (now?: EventLoopUtilization, before?: EventLoopUtilization) => EventLoopUtilization;

const manyWaiting = 4;
const busyShare = 0.8;

/**
 * Whether deliveries come as fast as this process can store them: many wait, and its event loop has had hardly a pause since the last look. Many
 * alone say nothing: on a slow disk they wait although there is time for other work.
 * @param waiting Deliveries that are not stored yet.
 */
export function createFloodWatch(
  waiting: () => number,
  utilization: Utilization = performance.eventLoopUtilization,
): () => boolean {
  let before = utilization();
  return () => {
    const now = utilization();
    const { utilization: share } = utilization(now, before);
    before = now;
    return waiting() > manyWaiting && share > busyShare;
  };
}
