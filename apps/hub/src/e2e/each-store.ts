// The same tests with each of the gateway's stores: what callers see must not depend on where limits and breakers are counted.
import { peersOrSkip, startValkey, type Valkey } from '@inthub/testing';
import { afterAll, beforeAll, describe } from 'vitest';

/**
 * Runs a suite with COUNTERS=memory, and with COUNTERS=valkey on a server that keeps every write (so idempotency keys are there too).
 * @param suite `environment()` is for `startTestHub`, in hooks and tests only.
 */
export async function describeEachStore(suite: (environment: () => Record<string, string>) => void): Promise<void> {
  const peers = await peersOrSkip(['redis-server']);
  describe('with COUNTERS=memory', () => suite(() => ({ COUNTERS: 'memory' })));
  describe.skipIf(peers.skip)(peers.label('with COUNTERS=valkey'), () => {
    let valkey: Valkey | undefined;
    beforeAll(async () => {
      valkey = await startValkey({ appendOnly: true });
    });
    afterAll(() => valkey?.stop());
    suite(() => ({ COUNTERS: 'valkey', VALKEY_URL: valkey?.url ?? '' }));
  });
}
