import { AgentError } from './agent-error.ts';
import { type Revisions, revisionOf } from './revisions.ts';
import type { Change, LiveBackend, RouterProduct, Upstream, Verdict } from './router-product.ts';

export interface AgentDeps {
  readonly product: RouterProduct;
  readonly revisions: Revisions;
  /** Says after each change whether the router still serves; throws when it does not. */
  readonly probe?: () => Promise<void>;
  readonly log: (message: string, fields: object) => void;
}

export interface BackendView {
  readonly name: string;
  readonly address: string;
  readonly port: number | null;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly liveWeight: number | null;
  readonly state: LiveBackend['state'];
}

export interface UpstreamView {
  readonly name: string;
  readonly backends: readonly BackendView[];
}

export interface Applied {
  readonly revision: string;
  readonly previousRevision: string;
}

export interface Agent {
  /** Brings back what was serving, if an earlier life ended in the middle of a change. */
  recover(): Promise<void>;
  upstreams(): Promise<{ readonly revision: string; readonly upstreams: readonly UpstreamView[] }>;
  /**
   * Edit, validate, write, activate, verify; whatever fails, the former state is put back and serves.
   * @throws AgentError `not_found`, `conflict`, `revision_mismatch`, `rejected`, `rolled_back`, `busy`
   */
  change(change: Change, expectedRevision?: string): Promise<Applied>;
  /** Whether the router accepts a text, or the file as it is; nothing is changed. */
  validate(text?: string): Promise<Verdict>;
  /** Makes the file's present state the running one. */
  reload(): Promise<Applied>;
  /** Back to a kept revision; default the one before. */
  rollback(revision?: string): Promise<Applied>;
  info(): Promise<{ readonly product: string; readonly version: string; readonly revision: string }>;
}

/** Changes that may wait for their turn. */
const maxWaiting = 20;

export function createAgent({ product, revisions, probe, log }: AgentDeps): Agent {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  /** What the router runs, as far as this agent has made it so. */
  let running: string | undefined;

  /** One change after the other: two at once could each put back what the other has changed. */
  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (waiting >= maxWaiting) throw new AgentError('busy', 'Too many changes wait for their turn; try again.');
    waiting += 1;
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting -= 1;
    }
  }

  async function apply(text: string, former: string): Promise<Applied> {
    const before = product.parse(running ?? former);
    const after = product.parse(text);
    await revisions.keep(former);
    await revisions.setPending(former);
    await revisions.write(text);
    try {
      const { valid, messages } = await product.validate();
      if (!valid) throw new AgentError('rejected', `The router refuses this: ${messages.join(' ').slice(0, 1000)}`);
      try {
        await product.activate({ before, after });
        await probe?.();
      } catch (cause) {
        await revisions.write(former);
        await product.activate({ before: after, after: before });
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new AgentError('rolled_back', `It did not come to life, so the former state serves again: ${why}`, {
          cause,
        });
      }
    } catch (error) {
      await revisions.write(former);
      throw error;
    } finally {
      await revisions.setPending(undefined);
    }
    running = text;
    await revisions.keep(text);
    const applied = { revision: revisionOf(text), previousRevision: revisionOf(former) };
    log('applied', applied);
    return applied;
  }

  return {
    async recover() {
      const pending = await revisions.findPending();
      if (pending === undefined) return;
      await inTurn(async () => {
        await revisions.write(pending);
        const { valid } = await product.validate();
        const upstreams = product.parse(pending);
        // Another shape as before: everything is made new, whatever the router took over before the end.
        if (valid) await product.activate({ before: [], after: upstreams });
        await revisions.setPending(undefined);
        log('recovered', { revision: revisionOf(pending) });
      });
    },

    async upstreams() {
      const { text, revision } = await revisions.read();
      const live = await product.live();
      const upstreams = product.parse(text).map(({ name, backends }) => ({
        name,
        backends: backends.map((backend) => {
          const found = live.get(name)?.get(backend.name);
          return { ...backend, liveWeight: found?.weight ?? null, state: found?.state ?? ('unknown' as const) };
        }),
      }));
      return { revision, upstreams };
    },

    change: (change, expectedRevision) =>
      inTurn(async () => {
        const { text, revision } = await revisions.read();
        if (expectedRevision !== undefined && expectedRevision !== revision) {
          const message = `The configuration is at revision ${revision}, not ${expectedRevision}; read it again.`;
          throw new AgentError('revision_mismatch', message);
        }
        demandWeights(change, product);
        const edited = product.edit(text, change);
        demandService(product.parse(edited), change.upstream);
        if (edited === text && running !== undefined) return { revision, previousRevision: revision };
        return apply(edited, text);
      }),

    validate: (text) =>
      inTurn(async () => {
        if (text === undefined) return product.validate();
        const { text: former } = await revisions.read();
        // The router judges its files in place, with all that they include; it reads them only when it is told to.
        await revisions.setPending(former);
        try {
          await revisions.write(text);
          return await product.validate();
        } finally {
          await revisions.write(former);
          await revisions.setPending(undefined);
        }
      }),

    reload: () =>
      inTurn(async () => {
        const { text, revision } = await revisions.read();
        const { valid, messages } = await product.validate();
        if (!valid)
          throw new AgentError('rejected', `The router refuses its file: ${messages.join(' ').slice(0, 1000)}`);
        await product.activate({ before: [], after: product.parse(text) });
        running = text;
        await revisions.keep(text);
        return { revision, previousRevision: revision };
      }),

    rollback: (wanted) =>
      inTurn(async () => {
        const { text, revision } = await revisions.read();
        const target = wanted ?? (await revisions.before(revision));
        if (target === undefined) throw new AgentError('not_found', 'There is no earlier revision to go back to.');
        return apply(await revisions.find(target), text);
      }),

    async info() {
      const { revision } = await revisions.read();
      return { product: product.id, version: await product.version(), revision };
    },
  };
}

function demandWeights(change: Change, { maxWeight, id }: RouterProduct): void {
  const given =
    change.kind === 'weights' ? Object.values(change.weights) : change.kind === 'add' ? [change.backend.weight] : [];
  if (given.some((weight) => weight > maxWeight))
    throw new AgentError('invalid_request', `${id} knows weights of 0 to ${maxWeight}.`);
}

/** Nobody meant to take the last backend away. */
function demandService(upstreams: readonly Upstream[], name: string): void {
  const found = upstreams.find((upstream) => upstream.name === name);
  if (found?.backends.some(({ weight, isBackup }) => weight > 0 && !isBackup)) return;
  throw new AgentError('conflict', `"${name}" would have no backend with a weight above 0; it would serve nothing.`);
}
