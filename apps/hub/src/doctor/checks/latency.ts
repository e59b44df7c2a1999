import { HubError } from '@inthub/contracts';
import type { Evidence } from '../evidence.ts';
import type { DoctorCheck } from '../finding.ts';
import { isScarce } from './rate-limit.ts';

const samples = 5;
const maxP99Ms = 5_000;
/** No more samples are begun after this, so that a slow product does not take all the doctor's time. */
const budgetMs = 20_000;
const sampleTimeoutMs = 10_000;

/** Does the product answer fast enough? Over the requests of up to five connection tests. */
export const latency: DoctorCheck = {
  type: 'latency',
  needs: ['authentication'],
  async run(evidence) {
    const { tests, failures } = await takeSamples(evidence);
    const answered = evidence.requests.filter(({ purpose, status }) => purpose === 'action' && status !== null);
    // A connector that sends no request of its own is timed as a whole.
    const times = answered.length > 0 ? answered.map(({ durationMs }) => durationMs) : tests;
    const p99Ms = percentile(times, 0.99);
    const details = { p50Ms: percentile(times, 0.5), p99Ms, samples: times.length, tests: tests.length, failures };
    const count = `${times.length} ${answered.length > 0 ? 'requests' : 'connection tests'}`;
    if (p99Ms >= maxP99Ms) {
      return {
        status: 'fail',
        message: `The slowest of ${count} took ${p99Ms} ms; under ${maxP99Ms} ms is expected.`,
        details,
        suggestions: ['Check the load of the product, and the network and proxies on the way to it.'],
      };
    }
    if (failures > 0) {
      return {
        status: 'warn',
        message: `${failures} of ${tests.length + failures} connection tests in a row failed, the others passed: the connection is not steady.`,
        details,
        suggestions: ['Look for restarts, overload or a balancer with one bad member in front of the product.'],
      };
    }
    return { status: 'pass', message: `99 % of ${count} were answered within ${p99Ms} ms.`, details };
  },
};

/** The first test has been made; its time counts. A failure of the hub itself ends the sampling and counts for nothing. */
async function takeSamples(evidence: Evidence): Promise<{ tests: number[]; failures: number }> {
  const { clock } = evidence;
  const endMs = clock.monotonicMs() + budgetMs;
  const tests = [(await evidence.test()).latencyMs];
  let failures = 0;
  while (tests.length + failures < samples && clock.monotonicMs() < endMs && !isScarce(evidence.requests)) {
    try {
      const { success, latencyMs } = await evidence.sample(sampleTimeoutMs);
      if (success) tests.push(latencyMs);
      else failures += 1;
    } catch (error) {
      if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
      break;
    }
  }
  return { tests, failures };
}

/** Nearest rank: of few samples the 99th percentile is the slowest. */
function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(sorted.length * part) - 1] ?? 0) * 10) / 10;
}
