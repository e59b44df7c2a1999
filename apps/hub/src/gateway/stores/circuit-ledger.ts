// What this replica knows of the shared breakers, and how its changes get to the others: read in batches, written by compare-and-set,
// one write at a time for each breaker. While the backend is away, what was known last goes on changing here alone.
import { type Clock, HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../telemetry/telemetry.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { CircuitBackend, SharedCircuit } from './circuit-backend.ts';
import { type Draft, differs, draftOf, joined, type Pending, replay, unwritten } from './circuit-draft.ts';

/** Of entries in use, a read that failed or came late may be missed once. */
const maxAgeRefreshes = 2.5;
/** After a failure nobody waits for the backend for this long. */
const restMs = 1_000;
/** Outcomes of one breaker are written no oftener than this; in between they add up. */
const writeEveryMs = 250;
const maxKeysPerLoad = 1_000;
const maxTries = 10;

export interface Entry {
  readonly key: string;
  /** As last heard, or as this replica changed it while the backend was away. */
  base: SharedCircuit;
  /** Outcomes that a write under way tells, and those after it. */
  sending: Pending | null;
  pending: Pending | null;
  /** `base` with those outcomes: what calls are admitted by. */
  view: Draft;
  heardMs: number;
  writtenMs: number;
  unsaved: boolean;
  work: Promise<unknown> | null;
}

export interface CircuitLedgerOptions {
  readonly backend: CircuitBackend;
  readonly clock: Clock;
  readonly log: Log;
  readonly refreshMs: number;
  readonly max: number;
}

export interface CircuitLedger {
  /** Epoch milliseconds by the backend's clock. */
  nowMs(): number;
  /** A breaker no older than a few refreshes; as last known while the backend is away. */
  find(key: string): MaybePromise<Entry>;
  /** The same, read now. @throws HubError when the backend is away. */
  read(key: string): Promise<Entry>;
  /** Adds an outcome; it is written soon. */
  add(entry: Entry, pending: Pending): void;
  /**
   * Changes a breaker for all replicas: `change` runs on the present state, again whenever somebody else was faster.
   * @param strict Fails while the backend is away; otherwise the change then holds here only. @throws HubError
   */
  commit<Result>(entry: Entry, change: (draft: Draft) => Result, strict?: boolean): Promise<Result>;
  close(): Promise<void>;
}

export function createCircuitLedger({ backend, clock, log, refreshMs, max }: CircuitLedgerOptions): CircuitLedger {
  const entries = new LRUCache<string, Entry>({ max });
  const stop = new AbortController();
  const used = new Set<Entry>();
  const dirty = new Set<Entry>();
  let loading: { readonly keys: Set<string>; readonly done: Promise<void> } | undefined;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  let away = false;
  /** Backend's time less ours. */
  let offsetMs: number | undefined;

  const nowMs = () => (offsetMs === undefined ? clock.now().getTime() : clock.monotonicMs() + offsetMs);
  const resting = () => clock.monotonicMs() < restUntilMs;

  async function ask<Answer extends { readonly nowMs: number }>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await question();
      offsetMs = answer.nowMs - clock.monotonicMs();
      if (away) log.info({}, 'breakers are shared again');
      away = false;
      return answer;
    } catch (error) {
      restUntilMs = clock.monotonicMs() + restMs;
      if (!away) log.warn({ err: error }, 'breakers cannot be shared; this replica goes on with what it knows');
      away = true;
      throw HubError.from(error, 'unavailable');
    }
  }

  function look(entry: Entry): void {
    entry.view = draftOf(entry.base, nowMs());
    replay(entry.view, entry.sending);
    replay(entry.view, entry.pending);
  }

  function entryOf(key: string): Entry {
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = {
        key,
        base: unwritten,
        sending: null,
        pending: null,
        view: draftOf(unwritten, 0),
        heardMs: Number.NEGATIVE_INFINITY,
        writtenMs: Number.NEGATIVE_INFINITY,
        unsaved: false,
        work: null,
      };
      entries.set(key, entry);
    }
    return entry;
  }

  async function load(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += maxKeysPerLoad) {
      const askedMs = clock.monotonicMs();
      const batch = keys.slice(at, at + maxKeysPerLoad);
      const { circuits } = await ask(() => backend.load(batch));
      for (const key of batch) hear(entryOf(key), circuits.get(key) ?? unwritten, askedMs);
    }
  }

  function hear(entry: Entry, circuit: SharedCircuit, askedMs: number): void {
    entry.heardMs = askedMs;
    // What is being written now, or was since the question, is younger. An earlier version after that: the backend has lost it.
    if (entry.work !== null) return;
    if (circuit.version < entry.base.version && entry.writtenMs >= askedMs) return;
    if (circuit.version <= entry.base.version && entry.unsaved) return;
    entry.base = circuit;
    entry.unsaved = false;
    look(entry);
  }

  /** Keys asked for in one turn are read together. */
  function loadSoon(key: string): Promise<void> {
    if (loading === undefined) {
      const keys = new Set<string>();
      const done = Promise.resolve().then(() => {
        loading = undefined;
        return load([...keys]);
      });
      loading = { keys, done };
    }
    loading.keys.add(key);
    return loading.done;
  }

  function commit<Result>(entry: Entry, change: (draft: Draft) => Result, strict = false): Promise<Result> {
    const work = (entry.work ?? Promise.resolve()).then(() => write(entry, change, strict));
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    entry.work = settled;
    void settled.then(() => {
      if (entry.work === settled) entry.work = null;
    });
    return work;
  }

  async function write<Result>(entry: Entry, change: (draft: Draft) => Result, strict: boolean): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const { base, pending } = entry;
      const draft = draftOf(base, nowMs());
      replay(draft, pending);
      const result = change(draft);
      if (!entry.unsaved && !differs(draft, base)) return result;
      if (resting() || tries > maxTries) {
        if (strict) throw new HubError('unavailable', 'The breaker cannot be changed for all replicas at the moment.');
        keepHere(entry, draft);
        return result;
      }
      entry.sending = pending;
      entry.pending = null;
      const next = { version: base.version + 1, record: draft.record, probes: draft.probes };
      try {
        const answer = await ask(() => backend.save(entry.key, { ...next, version: base.version }));
        entry.sending = answer.saved ? null : entry.sending;
        entry.base = answer.saved ? next : (answer.current ?? unwritten);
        entry.unsaved = false;
        entry.writtenMs = clock.monotonicMs();
        entry.heardMs = entry.writtenMs;
        if (answer.saved) return result;
      } catch (error) {
        if (strict) throw error;
      } finally {
        entry.pending = joined(entry.sending, entry.pending);
        entry.sending = null;
        look(entry);
      }
    }
  }

  /** Told to the others when the backend is back, unless they have changed it meanwhile. */
  function keepHere(entry: Entry, draft: Draft): void {
    entry.base = { version: entry.base.version, record: draft.record, probes: draft.probes };
    entry.pending = null;
    entry.unsaved = true;
    dirty.add(entry);
    look(entry);
  }

  function flush(entry: Entry): void {
    dirty.delete(entry);
    entry.writtenMs = clock.monotonicMs();
    void commit(entry, () => undefined);
  }

  async function refresh(): Promise<void> {
    for (const entry of [...dirty]) flush(entry);
    const keys = [...used].map(({ key }) => key);
    used.clear();
    if (keys.length > 0 && !resting()) await load(keys).catch(() => undefined);
  }

  async function beat(): Promise<void> {
    for (;;) {
      await clock.sleep(refreshMs, stop.signal);
      await refresh();
    }
  }
  // Ends by the signal only.
  beat().catch(() => undefined);

  return {
    nowMs,
    find(key) {
      const entry = entryOf(key);
      used.add(entry);
      if (resting() || clock.monotonicMs() - entry.heardMs <= refreshMs * maxAgeRefreshes) return entry;
      return loadSoon(key).then(
        () => entryOf(key),
        () => entry,
      );
    },
    async read(key) {
      await loadSoon(key);
      return entryOf(key);
    },
    add(entry, pending) {
      entry.pending = pending;
      look(entry);
      if (entry.work === null && clock.monotonicMs() - entry.writtenMs >= writeEveryMs) flush(entry);
      else dirty.add(entry);
    },
    commit,
    async close() {
      stop.abort(null);
      for (const entry of [...dirty]) flush(entry);
      await Promise.all([...entries.values()].map(({ work }) => work));
    },
  };
}
