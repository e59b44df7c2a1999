import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { createTestEvidence } from '../testing.ts';
import { latency } from './latency.ts';

describe('the latency check', () => {
  it('looks at the requests of five tests; the slowest is the 99th percentile of so few', async () => {
    const evidence = createTestEvidence({
      requests: [{ durationMs: 4_999 }, { durationMs: 10 }, { purpose: 'token', durationMs: 9_000 }],
    });

    expect(await latency.run(evidence)).toMatchObject({
      status: 'pass',
      details: { p50Ms: 10, p99Ms: 4_999, samples: 10, tests: 5, failures: 0 },
    });
    expect(evidence.sampled()).toBe(4);
  });

  it('fails from five seconds on', async () => {
    const evidence = createTestEvidence({ requests: [{ durationMs: 5_000 }] });

    expect(await latency.run(evidence)).toMatchObject({ status: 'fail', details: { p99Ms: 5_000 } });
  });

  it('times the tests of a connector that sends no request', async () => {
    const evidence = createTestEvidence({ test: { latencyMs: 6_000 }, samples: [{ latencyMs: 30 }] });

    expect(await latency.run(evidence)).toMatchObject({
      status: 'fail',
      details: { p50Ms: 30, p99Ms: 6_000, samples: 5 },
    });
  });

  it('warns when a connection that just worked fails in between', async () => {
    const evidence = createTestEvidence({ samples: [{}, { success: false }, {}] });

    expect(await latency.run(evidence)).toMatchObject({ status: 'warn', details: { tests: 4, failures: 1 } });
  });

  it('makes do with fewer samples when the hub refuses more, or the provider’s limit is nearly used up', async () => {
    const refused = createTestEvidence({ samples: [{}, new HubError('rate_limited')] });
    const scarce = createTestEvidence({ requests: [{ rateLimit: { limit: 60, remaining: 2 } }] });

    expect(await latency.run(refused)).toMatchObject({ status: 'pass', details: { tests: 2, failures: 0 } });
    expect(await latency.run(scarce)).toMatchObject({ status: 'pass', details: { tests: 1 } });
    expect(scarce.sampled()).toBe(0);
  });
});
