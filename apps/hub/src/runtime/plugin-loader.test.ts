import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeConfigSchema } from '@inthub/connector-sdk';
import { createFakeClock, createTemporaryDirectory, type TemporaryDirectory } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadConnectorsOptions } from './plugin-loader.ts';
import { loadConnectors } from './plugin-loader.ts';
import { createSampleConnector, sampleManifest } from './testing.ts';

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory('plugins');
});
afterEach(() => directory.remove());

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = createFakeClock();

function load(options: Partial<LoadConnectorsOptions> = {}) {
  return loadConnectors({ builtIns: [createSampleConnector()], pluginsDir: directory.path, clock, log, ...options });
}

/** Source of a plugin without imports: what a bundler makes of one. */
function source(
  id: string,
  { type = `registry.${id}`, change = '', exported = 'export const connector = ' } = {},
): string {
  const manifest = {
    ...sampleManifest,
    id,
    types: [
      {
        ...sampleManifest.types[0],
        id: type,
        config: {
          type: 'object',
          properties: { project: { type: 'string' }, region: { type: 'string' } },
          required: ['region'],
        },
      },
    ],
  };
  return `
    const actions = new Map([['thing.get', {
      id: 'thing.get', title: 'Get', description: 'Gets.', input: { type: 'object' }, output: {}, safe: true,
      run: async () => ({ from: '${id}' }),
    }]]);
    const definition = {
      manifest: ${JSON.stringify(manifest)},
      actions,
      testConnection: async () => ({ success: true, message: 'ok', details: {} }),
      discover: {},
      checks: [],
    };
    ${change}
    ${exported}definition;`;
}

async function file(path: string, text: string): Promise<void> {
  await mkdir(join(directory.path, path, '..'), { recursive: true });
  await writeFile(join(directory.path, path), text);
}

const manifestOf = (change: string) => source('broken', { change });

describe('loading', () => {
  it('loads built-ins alone when there is no folder', async () => {
    const { pluginsDir: _, ...rest } = { builtIns: [createSampleConnector()], clock, log, pluginsDir: '' };

    const registry = await loadConnectors(rest);

    expect(registry.list().map(({ origin, definition }) => [origin, definition.manifest.id])).toEqual([
      ['built-in', 'sample'],
    ]);
    expect(registry.findByType('registry.sample')?.definition.manifest.id).toBe('sample');
    expect(registry.find('constructor')).toBeUndefined();
  });

  it('loads files and folders: exports, main, index.js, named and default export', async () => {
    await file('alpha.mjs', source('alpha'));
    await file(
      'beta/package.json',
      JSON.stringify({ type: 'module', exports: { '.': { import: './dist/entry.js' } } }),
    );
    await file('beta/dist/entry.js', source('beta', { exported: 'export default ' }));
    await file('gamma/package.json', JSON.stringify({ type: 'module', main: 'gamma.js' }));
    await file('gamma/gamma.js', source('gamma'));
    await file('delta/package.json', JSON.stringify({ type: 'module' }));
    await file('delta/index.js', source('delta'));
    await file('.hidden.mjs', 'not a plugin');
    await file('notes.txt', 'not a plugin');

    const registry = await load();

    expect(registry.broken()).toEqual([]);
    expect(registry.list().map(({ definition }) => definition.manifest.id)).toEqual([
      'sample',
      'alpha',
      'beta',
      'delta',
      'gamma',
    ]);
    expect(registry.findByType('registry.beta')?.origin).toBe('plugin');
    const action = registry.find('alpha')?.definition.actions.get('thing.get');
    expect(await action?.run({}, {} as never)).toEqual({ from: 'alpha' });
  });

  it("keeps which fields of a plugin's config are optional", async () => {
    await file('alpha.mjs', source('alpha'));

    const { manifest } = (await load()).find('alpha')!.definition;

    const { required } = composeConfigSchema(manifest, manifest.types[0]!);
    expect(required).toContain('region');
    expect(required).not.toContain('project');
  });
});

describe('broken plugins', () => {
  it.each([
    ['syntax error', 'export const connector = {', /Unexpected|expected/i],
    ['throws', 'throw new Error("no licence")', /no licence/],
    ['throws a non-error', 'throw "text"', /text/],
    ['no export', 'export const other = 1;', /neither `connector` nor a default/],
    ['not an object', 'export const connector = 5;', /not an object/],
    ['no manifest', 'export const connector = {};', /manifest/],
    [
      'missing metadata',
      manifestOf('delete definition.manifest.metadata.vendor;'),
      /manifest\/metadata\/vendor is required/,
    ],
    ['bad id', manifestOf('definition.manifest.id = "../evil";'), /must match/],
    ['unknown category', manifestOf('definition.manifest.types[0].category = "games";'), /category must be one of/],
    ['unknown auth kind', manifestOf('definition.manifest.auth[0].kind = "magic";'), /auth\/0\/kind/],
    ['bad egress host', manifestOf('definition.manifest.egress.hosts = ["https://x"];'), /egress host/],
    ['no testConnection', manifestOf('delete definition.testConnection;'), /testConnection is not a function/],
    ['run is no function', manifestOf('actions.get("thing.get").run = 1;'), /thing[.]get: run is not a function/],
    [
      'unusable schema',
      manifestOf('actions.get("thing.get").input = { type: "nonsense" };'),
      /not a usable JSON Schema/,
    ],
    ['action not an object', manifestOf('definition.actions = [null];'), /actions\[0\] is not an object/],
    ['actions of the wrong kind', manifestOf('definition.actions = "all";'), /actions must be a Map or an array/],
    [
      'duplicate action',
      manifestOf('definition.actions = [...actions.values(), ...actions.values()];'),
      /defined twice/,
    ],
    ['discover of the wrong kind', manifestOf('definition.discover = { tags: 1 };'), /tags is not a function/],
    ['manifest in a cycle', manifestOf('definition.manifest.self = definition.manifest;'), /not plain data/],
    [
      'throwing getter',
      manifestOf(
        'Object.defineProperty(definition.manifest, "id", { enumerable: true, get() { throw new Error("trap"); } });',
      ),
      /trap/,
    ],
    ['id of a built-in', source('sample', { type: 'registry.other' }), /"sample" is taken by a built-in connector/],
    [
      'type of a built-in',
      source('other', { type: 'registry.sample' }),
      /"registry.sample" already belongs to built-in sample/,
    ],
  ])('reports and skips: %s', async (_, text, reason) => {
    await file('broken.mjs', text);
    await file('fine.mjs', source('fine'));

    const registry = await load();

    expect(registry.broken()).toEqual([
      { path: join(directory.path, 'broken.mjs'), reason: expect.stringMatching(reason) },
    ]);
    expect(registry.list().map(({ definition }) => definition.manifest.id)).toEqual(['sample', 'fine']);
  });

  it('lets the first of two plugins with one id stand', async () => {
    await file('a.mjs', source('twin'));
    await file('b.mjs', source('twin', { type: 'registry.another' }));

    const registry = await load();

    expect(registry.broken()).toEqual([
      { path: join(directory.path, 'b.mjs'), reason: 'connector id "twin" is taken by a plugin connector' },
    ]);
  });

  it('gives up on code that never finishes loading', async () => {
    const waiting = createFakeClock();
    await file('slow.mjs', 'await new Promise(() => undefined);');

    const loading = load({ clock: waiting });
    await expect.poll(() => waiting.sleeping).toBe(1);
    await waiting.advance(10_000);

    expect((await loading).broken()).toEqual([
      { path: join(directory.path, 'slow.mjs'), reason: 'its code did not finish loading within 10000 ms' },
    ]);
  });

  it('refuses an entry outside its folder and one that is missing', async () => {
    await file('outside.mjs.txt', source('outside'));
    await file('escape/package.json', JSON.stringify({ main: '../outside.mjs.txt' }));
    await file('missing/package.json', JSON.stringify({ exports: './none.js' }));
    await file('odd/package.json', '{');

    const reasons = Object.fromEntries(
      (await load()).broken().map(({ path, reason }) => [path.slice(directory.path.length + 1), reason]),
    );

    expect(reasons['escape']).toMatch(/outside the plugin's folder/);
    expect(reasons['missing']).toMatch(/[.]\/none[.]js does not exist/);
    expect(reasons['odd']).toMatch(/JSON/);
  });

  it('reports a folder that does not exist', async () => {
    const registry = await load({ pluginsDir: join(directory.path, 'absent') });

    expect(registry.list()).toHaveLength(1);
    expect(registry.broken()).toEqual([
      { path: join(directory.path, 'absent'), reason: expect.stringContaining('ENOENT') },
    ]);
  });
});

it('refuses two built-ins with one id at once: the product is at fault', async () => {
  await expect(load({ builtIns: [createSampleConnector(), createSampleConnector()] })).rejects.toThrow(
    /taken by a built-in/,
  );
});
