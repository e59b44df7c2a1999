import { beforeAll, describe, expect, it } from 'vitest';
import { checkValue, type RouterActionId, type RouterUpstream, routerActionSpecs } from '../index.ts';

/** What the router under test has; the suite changes weights and backends, and puts them back. */
export interface RouterFixtures {
  readonly upstream: string;
  /** Two backends of it, both with a weight above 0. */
  readonly backends: readonly [string, string];
  /** A server that may be added. */
  readonly addition: { readonly name?: string; readonly address: string; readonly port: number };
  /** A configuration that the router refuses. */
  readonly invalidContent: string;
}

export interface RouterConformanceOptions {
  readonly name: string;
  /** Called once before the tests. */
  fixtures(): RouterFixtures | Promise<RouterFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: RouterActionId, input: unknown): Promise<unknown>;
}

interface Changed {
  readonly revision: string;
  readonly previousRevision: string;
  readonly upstream: RouterUpstream;
}

/** The category suite of traffic routers; runs the same against a fake, a real router and the whole hub. */
export function routerConformance(options: RouterConformanceOptions): void {
  const run = async <Output>(action: RouterActionId, input: unknown): Promise<Output> => {
    const output = await options.run(action, input);
    expect(checkValue(routerActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const weightsOf = ({ backends }: RouterUpstream) =>
    Object.fromEntries(backends.map(({ name, weight }) => [name, weight]));

  describe(`router conformance of ${options.name}`, () => {
    let fixtures: RouterFixtures;
    let upstream: string;
    beforeAll(async () => {
      fixtures = await options.fixtures();
      upstream = fixtures.upstream;
    });
    const get = () => run<{ revision: string; upstream: RouterUpstream }>('upstream.get', { upstream });

    it('lists upstreams in pages that end, and gives each', async () => {
      const names: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: RouterUpstream[]; nextCursor: string | null } = await run('upstream.list', {
          limit: 1,
          ...(cursor === null ? {} : { cursor }),
        });
        names.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor;
      } while (cursor !== null && names.length < 100);

      expect(names).toContain(upstream);
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(weightsOf((await get()).upstream))).toEqual(expect.arrayContaining([...fixtures.backends]));
      await expect(run('upstream.list', { cursor: 'forged' })).rejects.toMatchObject({ code: 'invalid_cursor' });
      await expect(run('upstream.get', { upstream: 'no-such-upstream' })).rejects.toMatchObject({
        code: 'provider_not_found',
      });
    });

    it('sets weights, all or none, and goes back', async () => {
      const before = await get();
      const [one, other] = fixtures.backends;

      const changed = await run<Changed>('weight.set', { upstream, weights: { [one]: 3, [other]: 7 } });
      expect(changed.previousRevision).toBe(before.revision);
      expect(weightsOf(changed.upstream)).toMatchObject({ [one]: 3, [other]: 7 });
      expect(await get()).toMatchObject({ revision: changed.revision });
      const unknown = run('weight.set', { upstream, weights: { [one]: 9, 'no-such-backend': 1 } });
      await expect(unknown).rejects.toMatchObject({ code: 'provider_not_found' });
      expect(weightsOf((await get()).upstream)).toMatchObject({ [one]: 3, [other]: 7 });

      expect(await run('rollback', { revision: before.revision })).toMatchObject({ revision: before.revision });
      expect(weightsOf((await get()).upstream)).toEqual(weightsOf(before.upstream));
    });

    it('refuses a change that is meant for another state, and one that would serve nothing', async () => {
      const { backends } = (await get()).upstream;
      const [one] = fixtures.backends;

      const stale = run('weight.set', { upstream, weights: { [one]: 5 }, revision: '0123456789abcdef' });
      await expect(stale).rejects.toMatchObject({ code: 'provider_conflict' });
      const nothing = Object.fromEntries(backends.map(({ name }) => [name, 0]));
      await expect(run('weight.set', { upstream, weights: nothing })).rejects.toMatchObject({
        code: 'provider_conflict',
      });
      await expect(run('weight.set', { upstream, weights: {} })).rejects.toMatchObject({ code: 'invalid_request' });
      await expect(run('weight.set', { upstream, weights: { [one]: -1 } })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });

    it('adds a backend and removes it', async () => {
      const before = await get();

      const added = await run<Changed>('backend.add', { upstream, ...fixtures.addition, weight: 2 });
      const names = Object.keys(weightsOf(before.upstream));
      const backend = added.upstream.backends.find(({ name }) => !names.includes(name));
      expect(backend).toMatchObject({ port: fixtures.addition.port, weight: 2 });
      const removed = await run<Changed>('backend.remove', { upstream, backend: backend?.name });
      expect(weightsOf(removed.upstream)).toEqual(weightsOf(before.upstream));
      await expect(run('backend.remove', { upstream, backend: backend?.name })).rejects.toMatchObject({
        code: 'provider_not_found',
      });
    });

    it('judges a configuration without using it, and reloads the present one', async () => {
      const { revision } = await get();

      const verdict = await run<{ valid: boolean; messages: string[] }>('config.validate', {
        content: fixtures.invalidContent,
      });
      expect(verdict.valid).toBe(false);
      expect(verdict.messages.length).toBeGreaterThan(0);
      expect(await run('config.validate', {})).toMatchObject({ valid: true });
      expect(await run('config.reload', {})).toMatchObject({ revision });
    });
  });
}
