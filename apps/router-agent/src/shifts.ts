import { randomUUID } from 'node:crypto';
import type { Agent } from './agent.ts';
import type { AgentClock } from './agent-clock.ts';
import { AgentError } from './agent-error.ts';

export interface ShiftRequest {
  readonly upstream: string;
  /** Weights at the end. Backends that are not named keep theirs. */
  readonly weights: Readonly<Record<string, number>>;
  /** How far, in percent of the way, rising to 100. */
  readonly steps: readonly number[];
  /** Between two steps. */
  readonly pauseMs: number;
}

export interface Shift {
  readonly id: string;
  readonly upstream: string;
  readonly state: 'running' | 'done' | 'failed' | 'aborted';
  /** Steps that are done. */
  readonly step: number;
  readonly steps: number;
  /** As they are now, by the file. */
  readonly weights: Readonly<Record<string, number>>;
  readonly message: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface Shifts {
  /** Begins at once and goes on by itself. @throws AgentError `conflict` while another runs on that upstream, `not_found` */
  start(request: ShiftRequest): Promise<Shift>;
  /** @throws AgentError `not_found` */
  get(id: string): Shift;
  /** Stops, and puts the weights of the beginning back. @throws AgentError `not_found`, `conflict` when it is over */
  abort(id: string): Promise<Shift>;
  /** Ends those that run, where they are. */
  close(): Promise<void>;
}

/** Shifts that are remembered. */
const maxKept = 100;

interface Entry {
  shift: Shift;
  readonly stop: AbortController;
  done: Promise<void>;
}

/** Moves weights step by step; a step that fails, or a backend that goes down, brings the weights of the beginning back. */
export function createShifts({ agent, clock }: { agent: Agent; clock: AgentClock }): Shifts {
  const entries = new Map<string, Entry>();

  async function weightsOf(upstream: string): Promise<Map<string, { weight: number; state: string }>> {
    const { upstreams } = await agent.upstreams();
    const found = upstreams.find(({ name }) => name === upstream);
    if (found === undefined) throw new AgentError('not_found', `There is no upstream "${upstream}".`);
    return new Map(found.backends.map(({ name, weight, state }) => [name, { weight, state }]));
  }

  async function run(entry: Entry, request: ShiftRequest, from: Readonly<Record<string, number>>): Promise<void> {
    const set = (changes: Partial<Shift>) => {
      entry.shift = { ...entry.shift, ...changes };
    };
    const { upstream, weights, steps, pauseMs } = request;
    try {
      for (const [index, percent] of steps.entries()) {
        if (index > 0) await clock.sleep(pauseMs, entry.stop.signal);
        entry.stop.signal.throwIfAborted();
        const now = Object.fromEntries(
          Object.entries(weights).map(([name, target]) => [name, between(from[name] ?? 0, target, percent)]),
        );
        await agent.change({ kind: 'weights', upstream, weights: now });
        const after = await weightsOf(upstream);
        const down = Object.entries(now).find(([name, weight]) => weight > 0 && after.get(name)?.state === 'down');
        if (down !== undefined) throw new AgentError('failed', `Backend "${down[0]}" is down.`);
        set({ step: index + 1, weights: now, message: `Step ${index + 1} of ${steps.length}: ${percent} %.` });
      }
      set({ state: 'done', message: 'All steps are done.' });
    } catch (error) {
      const wanted = entry.stop.signal.aborted;
      const why = error instanceof Error ? error.message : String(error);
      const isBack = await agent.change({ kind: 'weights', upstream, weights: from }).then(
        () => true,
        () => false,
      );
      const end = isBack
        ? 'The weights of the beginning are back.'
        : 'The weights of the beginning could NOT be put back.';
      set({
        state: wanted ? 'aborted' : 'failed',
        message: wanted ? `Aborted. ${end}` : `${why} ${end}`,
        ...(isBack ? { weights: from } : {}),
      });
    } finally {
      set({ endedAt: clock.now().toISOString() });
    }
  }

  const get = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry === undefined) throw new AgentError('not_found', 'There is no such shift; the last 100 are remembered.');
    return entry;
  };

  return {
    async start(request) {
      const running = [...entries.values()].find(
        ({ shift }) => shift.state === 'running' && shift.upstream === request.upstream,
      );
      if (running !== undefined)
        throw new AgentError(
          'conflict',
          `Shift ${running.shift.id} still runs on "${request.upstream}"; abort it first.`,
        );
      const now = await weightsOf(request.upstream);
      const from: Record<string, number> = {};
      for (const name of Object.keys(request.weights)) {
        const known = now.get(name);
        if (known === undefined)
          throw new AgentError(
            'not_found',
            `"${request.upstream}" has no backend "${name}"; it has ${[...now.keys()].join(', ')}.`,
          );
        from[name] = known.weight;
      }
      const entry: Entry = {
        shift: {
          id: randomUUID(),
          upstream: request.upstream,
          state: 'running',
          step: 0,
          steps: request.steps.length,
          weights: from,
          message: 'Begun.',
          startedAt: clock.now().toISOString(),
          endedAt: null,
        },
        stop: new AbortController(),
        done: Promise.resolve(),
      };
      entries.set(entry.shift.id, entry);
      for (const [id, { shift }] of entries) {
        if (entries.size <= maxKept) break;
        if (shift.state !== 'running') entries.delete(id);
      }
      entry.done = run(entry, request, from);
      return entry.shift;
    },
    get: (id) => get(id).shift,
    async abort(id) {
      const entry = get(id);
      if (entry.shift.state !== 'running')
        throw new AgentError('conflict', `This shift is ${entry.shift.state} already.`);
      entry.stop.abort();
      await entry.done;
      return entry.shift;
    },
    async close() {
      const running = [...entries.values()].filter(({ shift }) => shift.state === 'running');
      for (const { stop } of running) stop.abort();
      await Promise.all(running.map(({ done }) => done));
    },
  };
}

function between(from: number, to: number, percent: number): number {
  return Math.round(from + ((to - from) * percent) / 100);
}
