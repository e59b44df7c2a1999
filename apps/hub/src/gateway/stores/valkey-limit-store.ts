// Limits counted in Valkey for all replicas. Tokens and slots are drawn a little ahead, so that most calls ask nobody; what is known
// to be used up is refused without asking. The bounds stand in docs/gateway.md.
import { type Clock, createId } from '@inthub/contracts';
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
  putBack,
  questionFor,
  resume,
  type Taken,
  takeInHand,
  upkeep,
  worst,
} from './limit-account.ts';
import { type AccountQuestion, limitReport, limitStep, stepAnswerOf, stepArguments } from './limit-script.ts';
import { shareRefusal, takeFromShare } from './limit-share.ts';
import {
  type ExternalLimit,
  type LimitDecision,
  type LimitPermit,
  type LimitRequest,
  type LimitStore,
  longestBlockMs,
  sameWindowMs,
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

interface Permit {
  readonly slots: readonly Account[];
  readonly integration: Account;
  /** Window of the provider from which a request was taken. */
  readonly window: string | null;
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

  function take(request: LimitRequest): MaybePromise<LimitDecision> {
    const now = clock.monotonicMs();
    const { weight } = request;
    const tenant = accountOf(request.tenantKey, 'tenant');
    const integration = accountOf(request.integrationKey, 'connector');
    if (!connection.ready) return takeShare(request, tenant, integration, now);
    const refusal = worst(
      knownRefusal(tenant, request.tenant, weight, now),
      knownRefusal(integration, request.integration, weight, now),
    );
    if (refusal !== null) return { allowed: false, ...refusal };
    const resets = [resume(tenant, connection.epoch), resume(integration, connection.epoch)] as const;
    const inHand = covers(tenant, request.tenant, weight, now) && covers(integration, request.integration, weight, now);
    const taken = [
      takeInHand(tenant, request.tenant, weight, now),
      takeInHand(integration, request.integration, weight, now),
    ] as const;
    if (inHand) return allowed(request, tenant, integration, taken[1].external);
    return ask(request, tenant, integration, { taken, resets, now });
  }

  interface Asking {
    readonly taken: readonly [Taken, Taken];
    readonly resets: readonly [0 | 1, 0 | 1];
    readonly now: number;
  }

  async function ask(request: LimitRequest, tenant: Account, integration: Account, asking: Asking) {
    const { taken, resets, now } = asking;
    const { weight } = request;
    const questions = [
      { ...questionFor(tenant, request.tenant, weight, taken[0], now), reset: resets[0] },
      { ...questionFor(integration, request.integration, weight, taken[1], now), reset: resets[1] },
    ] as const;
    const drawing = [tenant, integration].filter((account) => !account.drawing);
    for (const account of drawing) account.drawing = true;
    try {
      const { refusal } = await exchange([tenant, integration], questions);
      if (refusal === null) {
        takeAsked(tenant, questions[0]);
        const window = takeAsked(integration, questions[1]);
        return allowed(request, tenant, integration, window || taken[1].external);
      }
      putBack(tenant, taken[0]);
      putBack(integration, taken[1]);
      return { allowed: false, ...refusal } as const;
    } catch (error) {
      log.debug({ err: error }, 'limits counted without the shared counters');
      putBack(tenant, taken[0]);
      putBack(integration, taken[1]);
      return takeShare(request, tenant, integration, clock.monotonicMs());
    } finally {
      for (const account of drawing) account.drawing = false;
    }
  }

  function allowed(request: LimitRequest, tenant: Account, integration: Account, external: boolean): LimitDecision {
    const slots: Account[] = [];
    if (request.tenant.concurrentRequests !== undefined) slots.push(tenant);
    if (request.integration.concurrentRequests !== undefined) slots.push(integration);
    if (slots.includes(tenant)) active.set(request.tenantKey, tenant);
    if (slots.includes(integration) || integration.externalHeld > 0) active.set(request.integrationKey, integration);
    const permit: Permit = { slots, integration, window: external ? integration.window : null, released: false };
    return { allowed: true, permit };
  }

  function takeShare(request: LimitRequest, tenant: Account, integration: Account, now: number): LimitDecision {
    const { weight } = request;
    const count = replicas.known;
    const refusal = worst(
      shareRefusal(tenant, request.tenant, weight, count, now),
      shareRefusal(integration, request.integration, weight, count, now),
    );
    if (refusal !== null) return { allowed: false, ...refusal };
    takeFromShare(tenant, request.tenant, weight, count, now);
    takeFromShare(integration, request.integration, weight, count, now);
    return allowed(request, tenant, integration, false);
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

  return {
    take,

    release(given: LimitPermit, apiCalls: number): void {
      const permit = given as Permit;
      if (permit.released) return;
      permit.released = true;
      const now = clock.monotonicMs();
      const { integration } = permit;
      if (apiCalls === 0 && permit.window === integration.window) integration.externalHeld += 1;
      for (const account of permit.slots) {
        account.inUse -= 1;
        account.fullUntilMs = 0;
        const keep = now < account.contendedUntilMs ? 0 : Math.floor(account.slotLimit * idleShare);
        const spare = account.granted - account.inUse - keep;
        if (spare > 0 && connection.ready) giveBack(account, spare);
      }
    },

    async report(integrationKey: string, external: ExternalLimit): Promise<void> {
      const account = accountOf(integrationKey, 'connector');
      const now = clock.monotonicMs();
      const { remaining, resetAt, retryAfterMs = 0 } = external;
      const blockMs = retryAfterMs > 0 ? Math.min(retryAfterMs, longestBlockMs) : 0;
      const resetInMs = Math.min((resetAt?.getTime() ?? Number.NaN) - clock.now().getTime(), longestBlockMs);
      const endsMs = now + resetInMs;
      const sameWindow = account.windowEndsMs > now && Math.abs(endsMs - account.windowEndsMs) <= sameWindowMs;
      const news = remaining !== undefined && resetInMs > 0 && !(sameWindow && remaining >= account.externalLeft);
      if (blockMs === 0 && !news) return;
      // Known here at once, whatever becomes of the others.
      account.blockedUntilMs = Math.max(account.blockedUntilMs, now + blockMs);
      if (news) {
        account.externalLeft = remaining;
        account.externalHeld = sameWindow ? Math.min(account.externalHeld, remaining) : 0;
        if (!sameWindow) account.windowEndsMs = endsMs;
        account.heardUntilMs = Number.NEGATIVE_INFINITY;
      }
      if (!connection.ready) return;
      const args = [nowMs?.() ?? '', blockMs, news ? remaining : -1, news ? resetInMs : 0];
      const reply = (await connection.run(limitReport, [account.name], args)) as string[];
      account.windowEndsMs = now + Number(reply[1]);
      account.window = reply[2] ?? '';
      account.externalLeft = Number(reply[3]);
    },

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
