import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const price = {
  connectorId: 'openai',
  model: 'gpt-5.4',
  origin: 'shipped',
  currency: 'USD',
  inputPerMillion: '2.5',
  outputPerMillion: '15',
  source: 's',
  asOf: '2026-06-04',
};
const route = {
  id: ids.key,
  alias: 'fast',
  description: null,
  targets: [
    { integration: 'main', model: 'gpt' },
    { integration: 'a/b', model: 'claude' },
  ],
  failOverOn: ['circuit_open'],
  createdAt: at,
  createdBy: 'me',
  modifiedAt: at,
  modifiedBy: 'me',
  version: 3,
};
const page = (...items: unknown[]) => ({ items, nextCursor: null });

describe('inthub models prices', () => {
  it('lists, sets and removes prices', async () => {
    const { hub, run } = await startBench({
      listModelPrices: () => page(price),
      setModelPrice: () => ({ ...price, origin: 'tenant' }),
      removeModelPrice: () => undefined,
    });

    const listed = await run(['models', 'prices', 'list', '--connector', 'openai']);
    const set = await run([
      'models',
      'prices',
      'set',
      'openai',
      'gpt-5.4',
      '--input',
      '2.5',
      '--output',
      '15',
      '--source',
      's',
    ]);
    const removed = await run(['models', 'prices', 'remove', 'openai', 'gpt-5.4', '--scope', 'platform']);

    expect(listed.stdout).toMatch(/openai +gpt-5\.4 +2\.5 +15 +– +USD +shipped +2026-06-04/);
    expect(set.code).toBe(0);
    expect(hub.requests[1]?.body).toEqual({
      connectorId: 'openai',
      scope: 'tenant',
      model: 'gpt-5.4',
      currency: 'USD',
      inputPerMillion: '2.5',
      outputPerMillion: '15',
      source: 's',
      asOf: '2026-11-21',
    });
    expect([removed.code, removed.stdout]).toEqual([0, 'The platform’s price of gpt-5.4 is removed.\n']);
  });
});

describe('inthub models routes', () => {
  it('makes a route, and changes the one that is there', async () => {
    const { hub, run } = await startBench({
      listModelRoutes: () => page(route),
      createModelRoute: () => route,
      replaceModelRoute: () => route,
    });

    await run(['models', 'routes', 'set', 'new', '--to', 'main/gpt', 'a/b/claude', 'hf//org/model', '--no-fail-over']);
    const changed = await run([
      'models',
      'routes',
      'set',
      'fast',
      '--to',
      'main/gpt',
      '--fail-over-on',
      'circuit_open',
    ]);

    const bodies = hub.requests.filter(({ operation }) => operation !== 'listModelRoutes').map(({ body }) => body);
    expect(bodies).toEqual([
      {
        alias: 'new',
        targets: [
          { integration: 'main', model: 'gpt' },
          { integration: 'a/b', model: 'claude' },
          { integration: 'hf', model: 'org/model' },
        ],
        failOverOn: [],
      },
      { alias: 'fast', targets: [{ integration: 'main', model: 'gpt' }], failOverOn: ['circuit_open'] },
    ]);
    expect(changed.stdout).toMatch(/fast +main\/gpt → a\/b\/claude +circuit_open/);
  });

  it('removes by alias, and says what is not there', async () => {
    const { run } = await startBench({ listModelRoutes: () => page(route), removeModelRoute: () => undefined });

    expect((await run(['models', 'routes', 'remove', 'fast'])).code).toBe(0);
    expect((await run(['models', 'routes', 'remove', 'slow'])).code).toBe(5);
    expect((await run(['models', 'routes', 'set', 'x', '--to', 'nonsense'])).code).toBe(2);
  });
});
