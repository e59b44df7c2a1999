// Limits counted in Valkey for all replicas. Tokens and slots are drawn a little ahead, so that most calls ask nobody; what is known
// to be used up is refused without asking. The bounds stand in docs/gateway.md.
import { type Clock, createId, type RateLimits } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../telemetry/telemetry.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import {
  type Account,
  covers,
  createAccount,
  knownRefusal,
  learn,
  occupy,
  type Part,
  putBack,
  questionFor,
  resume,
  type Taken,
  takeInHand,
  upkeep,
  worst,
} from './limit-account.ts';
import { createLimitReports } from './limit-reports.ts';
import { type AccountQuestion, limitStep, type StepRefusal, stepAnswerOf, stepArguments } from './limit-script.ts';
import { shareRefusal, takeFromShare } from './limit-share.ts';
import {
  bucketKeyOf,
  type LimitDecision,
  type LimitPermit,
  type LimitRequest,
  type LimitStore,
} from './limit-store.ts';
import { createReplicaCount } from './replica-count.ts';
import type { ValkeyConnection } from './valkey-connection.ts';

/** Idle slots go back, and long calls are vouched for, this often. */
const sweepMs = 500;
/** Of a concurrency limit, no replica keeps more slots that it does not use. */
const idleShare = 1 / 10;

export interface ValkeyLimitStoreOptions {
  readonly connection: ValkeyConnection;
  readonly clock: Clock;
  readonly log: Log;
  /** Slots of a replica that died come back after this; default 15 s. */
  readonly slotTtlMs?: number;
  /** Tenants and integrations remembered while nothing of theirs is under way; default 100 000. */
  readonly max?: number;
  /** Of every key; default `inthub:`. */
  readonly prefix?: string;
  /** For tests: epoch milliseconds instead of the server's time. */
  readonly nowMs?: () => number;
}

const noLimits: RateLimits = {};

interface Permit {
  readonly slots: readonly Account[];
  /** Where a request of the provider's window was taken, and which window that was. */
  readonly window: { readonly account: Account; readonly name: string } | null;
  released: boolean;
}

export function createValkeyLimitStore(options: ValkeyLimitStoreOptions): LimitStore & { close(): Promise<void> } {
  const { connection, clock, log, slotTtlMs = 15_000, max = 100_000, prefix = 'inthub:', nowMs } = options;
  const replica = createId<string>();
  const idle = new LRUCache<string, Account>({ max });
  /** Those of which this replica holds something: never forgotten. Their number is bounded by that of the calls under way. */
  const active = new Map<string, Account>();
  const stop = new AbortController();
  const replicas = createReplicaCount({ connection, replica, prefix, nowMs });

  function accountOf(key: string, kind: Account['kind']): Account {
    let account = active.get(key) ?? idle.get(key);
    if (account === undefined) {
      const slash = key.indexOf('/');
      const tenant = slash === -1 ? key : key.slice(0, slash);
      // One hash tag a tenant: a cluster keeps its accounts together, as a script that changes two of them needs.
      account = createAccount(`${prefix}{${tenant}}:limits${slash === -1 ? '' : `:${key.slice(slash + 1)}`}`, kind);
      idle.set(key, account);
    }
    return account;
  }

  async function exchange(accounts: readonly Account[], questions: readonly AccountQuestion[]) {
    const sentMs = clock.monotonicMs();
    const head = { nowMs: nowMs?.(), replica, slotTtlMs };
    try {
      const keys = accounts.map(({ name }) => name);
      const answer = stepAnswerOf(await connection.run(limitStep, keys, stepArguments(head, questions)));
      accounts.forEach((account, index) => {
        const [question, heard] = [questions[index], answer.accounts[index]];
        if (question !== undefined && heard !== undefined) learn(account, question, heard, sentMs);
      });
      return answer;
    } catch (error) {
      // Nobody knows what was counted there: next time it is told anew.
      for (const account of accounts) account.epoch = 0;
      throw error;
    }
  }

  function partsOf({ tenantKey, integrationKey, tenant, integration, bucket }: LimitRequest): readonly Part[] {
    const own = accountOf(integrationKey, 'connector');
    const parts: Part[] = [
      { key: tenantKey, account: accountOf(tenantKey, 'tenant'), limits: tenant, window: false },
      { key: integrationKey, account: own, limits: integration, window: bucket === undefined },
    ];
    if (bucket !== undefined) {
      const key = bucketKeyOf(integrationKey, bucket);
      parts.push({ key, account: accountOf(key, 'connector'), limits: noLimits, window: true });
    }
    return parts;
  }

  function take(request: LimitRequest): MaybePromise<LimitDecision> {
    const now = clock.monotonicMs();
    const { weight } = request;
    const parts = partsOf(request);
    if (!connection.ready) return takeShare(parts, weight, now);
    let refusal: StepRefusal | null = null;
    for (const part of parts) refusal = worst(refusal, knownRefusal(part, weight, now));
    if (refusal !== null) return { allowed: false, ...refusal };
    const resets = parts.map(({ account }) => resume(account, connection.epoch));
    const inHand = parts.every((part) => covers(part, weight, now));
    const taken = parts.map((part) => takeInHand(part, weight, now));
    if (inHand)
      return allowed(
        parts,
        taken.map(({ external }) => external),
      );
    return ask(parts, weight, { taken, resets, now });
  }

  interface Asking {
    readonly taken: readonly Taken[];
    readonly resets: readonly (0 | 1)[];
    readonly now: number;
  }

  async function ask(parts: readonly Part[], weight: number, { taken, resets, now }: Asking): Promise<LimitDecision> {
    const asked = parts.map((part, index) => {
      const inHand = taken[index] as Taken;
      const question = { ...questionFor(part, weight, inHand, now), reset: resets[index] as 0 | 1 };
      return { part, inHand, question };
    });
    const accounts = parts.map(({ account }) => account);
    const drawing = accounts.filter((account) => !account.drawing);
    for (const account of drawing) account.drawing = true;
    const putAllBack = () => {
      for (const { part, inHand } of asked) putBack(part.account, inHand);
    };
    try {
      const { refusal } = await exchange(
        accounts,
        asked.map(({ question }) => question),
      );
      if (refusal === null) {
        return allowed(
          parts,
          asked.map(({ part, inHand, question }) => takeAsked(part.account, question) || inHand.external),
        );
      }
      putAllBack();
      return { allowed: false, ...refusal };
    } catch (error) {
      log.debug({ err: error }, 'limits counted without the shared counters');
      putAllBack();
      return takeShare(parts, weight, clock.monotonicMs());
    } finally {
      for (const account of drawing) account.drawing = false;
    }
  }

  /** @param external Of which of them a request of the provider's window was taken. */
  function allowed(parts: readonly Part[], external: readonly boolean[]): LimitDecision {
    const slots: Account[] = [];
    let window: Permit['window'] = null;
    parts.forEach(({ key, account, limits }, index) => {
      const slot = limits.concurrentRequests !== undefined;
      if (slot) slots.push(account);
      if (slot || account.externalHeld > 0) active.set(key, account);
      if (external[index] === true) window = { account, name: account.window };
    });
    const permit: Permit = { slots, window, released: false };
    return { allowed: true, permit };
  }

  function takeShare(parts: readonly Part[], weight: number, now: number): LimitDecision {
    const count = replicas.known;
    let refusal: StepRefusal | null = null;
    for (const part of parts) refusal = worst(refusal, shareRefusal(part, weight, count, now));
    if (refusal !== null) return { allowed: false, ...refusal };
    for (const part of parts) takeFromShare(part, weight, count, now);
    return allowed(parts, []);
  }

  function giveBack(account: Account, slots: number): void {
    const reset = resume(account, connection.epoch);
    const question = { ...upkeep(account, clock.monotonicMs(), reset === 1 ? 0 : slots), reset };
    exchange([account], [question]).catch((error: unknown) => log.debug({ err: error }, 'slots not given back yet'));
  }

  /** Slots that nobody used since the last time, unused requests of a provider's window, and word of calls that take long. */
  function sweep(): void {
    const now = clock.monotonicMs();
    for (const [key, account] of active) {
      const { granted, peak, inUse, externalHeld, touchedMs, heardUntilMs } = account;
      account.peak = inUse;
      if (inUse === 0 && granted <= 0 && externalHeld === 0) {
        active.delete(key);
        idle.set(key, account);
      } else if (connection.ready) {
        const unused = Math.max(0, granted - peak);
        const stale = externalHeld > 0 && now >= heardUntilMs;
        if (unused > 0 || stale || now - touchedMs > slotTtlMs / 3) giveBack(account, unused);
      }
    }
  }

  async function beat(): Promise<void> {
    for (let count = 0; ; count += 1) {
      if (count % 10 === 0) replicas.refresh();
      await clock.sleep(sweepMs, stop.signal);
      sweep();
    }
  }
  // Ends by the signal only.
  beat().catch(() => undefined);

  const report = createLimitReports({ connection, clock, nowMs, accountOf: (key) => accountOf(key, 'connector') });

  return {
    take,

    release(given: LimitPermit, apiCalls: number): void {
      const permit = given as Permit;
      if (permit.released) return;
      permit.released = true;
      const now = clock.monotonicMs();
      const { window } = permit;
      if (apiCalls === 0 && window !== null && window.account.window === window.name) window.account.externalHeld += 1;
      for (const account of permit.slots) {
        account.inUse -= 1;
        account.fullUntilMs = 0;
        const keep = now < account.contendedUntilMs ? 0 : Math.floor(account.slotLimit * idleShare);
        const spare = account.granted - account.inUse - keep;
        if (spare > 0 && connection.ready) giveBack(account, spare);
      }
    },

    report,

    async close() {
      stop.abort(null);
      for (const account of active.values()) {
        if (connection.ready && account.granted > account.inUse) giveBack(account, account.granted - account.inUse);
      }
      await replicas.leave();
    },
  };
}

/** Takes what the server has given for a question. @returns whether a request of the provider's window is among it. */
function takeAsked(account: Account, question: AccountQuestion): boolean {
  const { minuteNeed, hourNeed, slotNeed, externalNeed } = question;
  account.minute.left -= minuteNeed;
  account.minute.spent += minuteNeed;
  account.hour.left -= hourNeed;
  account.hour.spent += hourNeed;
  if (slotNeed > 0) {
    account.granted += 1;
    occupy(account);
  }
  if (externalNeed <= 0 || account.externalHeld < 1) return false;
  account.externalHeld -= 1;
  account.externalSpent += 1;
  return true;
}
