/** How an endpoint is doing, as a pure function of what it answered: its circuit, and when failing has lasted long enough to switch it off. */

/** What is kept for each subscription. */
export interface EndpointHealth {
  readonly failing: boolean;
  readonly consecutiveFailures: number;
  /** Times in a row that the circuit was opened. */
  readonly openings: number;
  /** Nothing is sent before this time (ms since 1970). */
  readonly blockedUntilMs: number | null;
  /** Start, attempts and faults of each part of the window, oldest first. */
  readonly slices: readonly Slice[];
}
export type Slice = readonly [startMs: number, attempts: number, faults: number];

/** One attempt, as far as the endpoint is concerned. */
export interface EndpointOutcome {
  /** `fault`: the endpoint's own. `other`: a failure that says nothing about it (network, policy, the hub itself). */
  readonly kind: 'success' | 'fault' | 'other';
  /** It asked for a pause (429, 503 with Retry-After), clamped already. */
  readonly pauseMs?: number;
  /** 410: it wants no more. */
  readonly gone?: boolean;
}

export interface HealthRules {
  readonly disabling: {
    readonly windowMinutes: number;
    readonly failureRate: number;
    readonly minAttempts: number;
  } | null;
  readonly circuit: CircuitRules;
}

export interface CircuitRules {
  /** Faults in a row that open the circuit. */
  readonly threshold: number;
  /** How long it stays open the first time; doubled each further time. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export const defaultCircuit: CircuitRules = { threshold: 5, openMs: 10_000, maxOpenMs: 300_000 };

export interface HealthChange {
  readonly health: EndpointHealth;
  /** What is worth an event. `failure_rate` and `gone` switch the subscription off. */
  readonly news: readonly ('failing' | 'recovered' | 'failure_rate' | 'gone')[];
}

export const healthy: EndpointHealth = {
  failing: false,
  consecutiveFailures: 0,
  openings: 0,
  blockedUntilMs: null,
  slices: [],
};

const slicesOfWindow = 12;

/** The health after some attempts, in their order. */
export function judge(
  before: EndpointHealth,
  outcomes: readonly EndpointOutcome[],
  nowMs: number,
  { disabling, circuit }: HealthRules,
): HealthChange {
  let { failing, consecutiveFailures, openings, blockedUntilMs } = before;
  const news: HealthChange['news'][number][] = [];
  let [attempts, faults] = [0, 0];
  for (const { kind, pauseMs, gone } of outcomes) {
    if (pauseMs !== undefined) blockedUntilMs = Math.max(blockedUntilMs ?? 0, nowMs + pauseMs);
    if (kind === 'other') continue;
    attempts += 1;
    if (kind === 'success') {
      if (failing) news.push('recovered');
      [failing, consecutiveFailures, openings, blockedUntilMs] = [false, 0, 0, null];
      continue;
    }
    faults += 1;
    consecutiveFailures += 1;
    if (gone === true) news.push('gone');
    // While it is failing every probe that fails opens the circuit again; those that were under way together open it once.
    const isOpen = blockedUntilMs !== null && blockedUntilMs > nowMs;
    if ((failing || consecutiveFailures >= circuit.threshold) && !isOpen) {
      if (!failing) news.push('failing');
      failing = true;
      openings += 1;
      blockedUntilMs = nowMs + Math.min(circuit.maxOpenMs, circuit.openMs * 2 ** Math.min(openings - 1, 20));
    }
  }
  const slices = addToWindow(before.slices, { attempts, faults }, nowMs, disabling?.windowMinutes ?? 0);
  if (disabling !== null && !news.includes('gone') && failing && hasFailedTooLong(slices, disabling)) {
    news.push('failure_rate');
  }
  return { health: { failing, consecutiveFailures, openings, blockedUntilMs, slices }, news };
}

function addToWindow(
  slices: readonly Slice[],
  { attempts, faults }: { attempts: number; faults: number },
  nowMs: number,
  windowMinutes: number,
): readonly Slice[] {
  if (windowMinutes === 0) return [];
  const sliceMs = (windowMinutes * 60_000) / slicesOfWindow;
  const startMs = Math.floor(nowMs / sliceMs) * sliceMs;
  const kept = slices.filter(([start]) => start > startMs - slicesOfWindow * sliceMs && start <= startMs);
  if (attempts === 0) return kept;
  const last = kept.at(-1);
  if (last?.[0] === startMs) return [...kept.slice(0, -1), [startMs, last[1] + attempts, last[2] + faults]];
  return [...kept, [startMs, attempts, faults]];
}

function hasFailedTooLong(slices: readonly Slice[], disabling: NonNullable<HealthRules['disabling']>): boolean {
  let [attempts, faults] = [0, 0];
  for (const slice of slices) {
    attempts += slice[1];
    faults += slice[2];
  }
  return attempts >= disabling.minAttempts && faults / attempts >= disabling.failureRate;
}
