import type { ActionContext } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Config } from './schema.ts';

/** Integrations whose counts are kept; the oldest are forgotten first. */
const maxIntegrations = 1000;
/** Counters of one integration. */
const maxCounters = 100;

/** What the double remembers: counts by integration and name. Gone when the process ends. */
export interface Memory {
  /** Adds and gives the new count. */
  add(integrationId: string, counter: string, by: number): number;
}

export function createMemory(): Memory {
  const counts = new Map<string, Map<string, number>>();
  return {
    add(integrationId, counter, by) {
      const own = counts.get(integrationId) ?? new Map<string, number>();
      counts.delete(integrationId);
      counts.set(integrationId, own);
      forgetOldest(counts, maxIntegrations);
      const count = (own.get(counter) ?? 0) + by;
      own.delete(counter);
      own.set(counter, count);
      forgetOldest(own, maxCounters);
      return count;
    },
  };
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  const oldest = map.keys().next();
  if (map.size > max && !oldest.done) map.delete(oldest.value);
}

export function configOf(ctx: ActionContext): Config {
  return ctx.integration.config as Config;
}

/** Waits and fails as the config says. @throws HubError */
export async function behave(scope: 'connection' | 'actions', memory: Memory, ctx: ActionContext): Promise<void> {
  const { latencyMs = 0, failure } = configOf(ctx);
  await pause(latencyMs, ctx);
  if (failure === undefined || (failure.scope !== 'all' && failure.scope !== scope)) return;
  const { code, every = 1 } = failure;
  if (memory.add(ctx.integration.id, `calls:${scope}`, 1) % every !== 0) return;
  throw new HubError(
    code,
    `The in-memory double fails with ${code}, as its config tells it to (failure.scope ${failure.scope}).`,
  );
}

/** @throws HubError with the reason of the abort. */
export async function pause(ms: number, ctx: ActionContext): Promise<void> {
  if (ms === 0 && !ctx.signal.aborted) return;
  try {
    await ctx.clock.sleep(ms, ctx.signal);
  } catch (error) {
    throw HubError.from(ctx.signal.aborted ? ctx.signal.reason : error, 'cancelled');
  }
}
