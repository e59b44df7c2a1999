import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConnectorDefinition } from '@inthub/connector-sdk';
import type { StartCounterpart } from '@inthub/connector-sdk/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerConnector, ScaffoldError, scaffoldConnector } from './connector-scaffold.ts';
import { checkSource } from './source-rules/check-source.ts';

// Each tool is started once for all categories; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 240_000 });

const repository = resolve(import.meta.dirname, '..');
const emptyRegistry = `import type { ConnectorDefinition } from '@inthub/connector-sdk';

export const connectors: readonly ConnectorDefinition[] = [];
`;

/** Categories that have standard actions, with a file that only their skeleton has. */
const ownFiles = {
  ci_cd: 'runs.ts',
  communication: 'messages.ts',
  model_provider: 'product.ts',
  project_management: 'tasks.ts',
  registry: 'product.ts',
  router: 'upstreams.ts',
  source_control: 'repositories.ts',
  vault: 'secrets.ts',
} as const;

/** A repository-like folder inside the real one, so that the packages resolve. */
function makeRoot(): string {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const root = mkdtempSync(join(repository, '.cache/scaffold-'));
  mkdirSync(join(root, 'connectors/src'), { recursive: true });
  for (const family of ['oci', 'openai-compatible']) {
    const path = join('connectors/src/_families', family);
    cpSync(join(repository, path), join(root, path), { recursive: true, filter: (name) => !name.endsWith('.test.ts') });
  }
  writeFileSync(join(root, 'connectors/src/registry.ts'), emptyRegistry);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(
    join(root, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        composite: false,
        noEmit: true,
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
      },
      include: ['connectors'],
    }),
  );
  writeFileSync(
    join(root, 'vitest.config.ts'),
    "const conditions = ['source', 'node'];\nexport default { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { isolate: false } };\n",
  );
  return root;
}

function run(cwd: string, program: string, ...args: string[]) {
  const bin = join(repository, 'node_modules/.bin');
  return spawnSync(join(bin, program), args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', VITEST: undefined },
  });
}

describe('new:connector', () => {
  let root: string;
  const newConnector = (...args: string[]) =>
    run(repository, 'tsx', '--conditions=source', 'tools/new-connector.ts', '--root', root, ...args);
  beforeAll(() => {
    root = makeRoot();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('writes every file of a connector, and registers it in alphabetical order', () => {
    for (const id of ['charlie', 'alpha_two']) scaffoldConnector({ root, id, category: 'custom' });
    const { status, stderr } = newConnector('bravo', '--category', 'monitoring');

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(join(root, 'connectors/src/bravo')).sort()).toEqual([
      'README.md',
      'account.ts',
      'checks.ts',
      'connector.test.ts',
      'connector.ts',
      'counterpart.ts',
      'manifest.ts',
      'schema.ts',
    ]);
    expect(
      readFileSync(join(root, 'connectors/src/registry.ts'), 'utf8'),
    ).toBe(`import type { ConnectorDefinition } from '@inthub/connector-sdk';
import { alphaTwo } from './alpha_two/connector.ts';
import { bravo } from './bravo/connector.ts';
import { charlie } from './charlie/connector.ts';

export const connectors: readonly ConnectorDefinition[] = [alphaTwo, bravo, charlie];
`);
  });

  it('has a skeleton for every category that has standard actions', () => {
    expect(readdirSync(join(repository, 'tools/connector-template-categories')).sort()).toEqual(Object.keys(ownFiles));
    const suites = readdirSync(join(repository, 'packages/connector-sdk/src/categories'))
      .filter((name) => name.endsWith('-schemas.ts') && name !== 'change-schemas.ts')
      .map((name) => name.slice(0, -'-schemas.ts'.length).replaceAll('-', '_').replace(/^ci$/, 'ci_cd'));
    expect(suites.sort()).toEqual(Object.keys(ownFiles));
  });

  it('gives code that passes its tests, the type check, the linter and the source rules, whatever the category', () => {
    for (const [category, file] of Object.entries(ownFiles)) {
      scaffoldConnector({ root, id: `bravo_${category}`, category });
      expect(existsSync(join(root, `connectors/src/bravo_${category}`, file)), category).toBe(true);
    }
    const written = readdirSync(join(root, 'connectors/src'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => /^\w+\/.*[.]\w+$/.test(path) && !path.startsWith('_families/'),
    );
    // As the command does with what it writes.
    const lint = run(
      repository,
      'biome',
      'check',
      '--write',
      '--error-on-warnings',
      '--vcs-enabled=false',
      ...written.map((path) => join(root, 'connectors/src', path)),
    );
    const tests = run(root, 'vitest', 'run', '--root', root, 'bravo');
    const types = run(root, 'tsc', '-p', root);
    const rules = written.flatMap((path) =>
      checkSource(`connectors/src/${path}`, readFileSync(join(root, 'connectors/src', path), 'utf8')),
    );

    expect({ status: lint.status, output: lint.stderr }).toMatchObject({ status: 0 });
    expect({ status: tests.status, output: tests.status === 0 ? '' : tests.stdout }).toEqual({ status: 0, output: '' });
    expect(tests.stdout).toMatch(/Test Files\s+9 passed/);
    expect({ status: types.status, output: types.stdout }).toEqual({ status: 0, output: '' });
    expect(rules).toEqual([]);
  });

  it('tells in each README of every action and scope', async () => {
    for (const category of Object.keys(ownFiles)) {
      const folder = join(root, `connectors/src/bravo_${category}`);
      const readme = readFileSync(join(folder, 'README.md'), 'utf8');
      const loaded = (await import(join(folder, 'connector.ts'))) as Record<string, ConnectorDefinition>;
      const [connector] = Object.values(loaded);

      expect(connector?.actions.size, category).toBeGreaterThan(2);
      for (const id of connector?.actions.keys() ?? []) expect(readme).toContain(`\n| \`${id}\` |`);
      for (const { scope } of connector?.manifest.requiredPermissions ?? []) expect(readme).toContain(scope);
      const { startCounterpart } = (await import(join(folder, 'counterpart.ts'))) as {
        startCounterpart: StartCounterpart;
      };
      expect(Object.keys((await startCounterpart()).inputs).sort(), category).toEqual(
        [...(connector?.actions.keys() ?? [])].sort(),
      );
    }
  });

  it('leaves no placeholder behind', () => {
    for (const id of ['bravo', ...Object.keys(ownFiles).map((category) => `bravo_${category}`)]) {
      const folder = join(root, 'connectors/src', id);
      const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
      expect(texts.join('\n')).not.toMatch(/__\w+__/);
    }
    const manifest = readFileSync(join(root, 'connectors/src/bravo/manifest.ts'), 'utf8');
    expect(manifest).toContain("id: 'monitoring.bravo'");
  });

  it('refuses what cannot be, writes nothing and says what would do', () => {
    const before = readFileSync(join(root, 'connectors/src/registry.ts'), 'utf8');
    const refused = [
      [['Bravo', '--category', 'registry'], 'lower-case'],
      [['../x', '--category', 'registry'], 'lower-case'],
      [['delta', '--category', 'registries'], 'source_control'],
      [['bravo', '--category', 'registry'], 'exists already'],
      [['delta'], '--category'],
      [['delta', '--categroy', 'registry'], '--category'],
    ] as const;

    for (const [args, says] of refused) {
      const { status, stderr } = newConnector(...args);
      expect({ args, status, told: stderr.includes(says) }).toEqual({ args, status: 2, told: true });
    }
    expect(existsSync(join(root, 'connectors/src/delta'))).toBe(false);
    expect(readFileSync(join(root, 'connectors/src/registry.ts'), 'utf8')).toBe(before);
  });

  it('understands the registry of this repository', () => {
    const registry = readFileSync(join(repository, 'connectors/src/registry.ts'), 'utf8');

    const first = registerConnector(registry, 'aaa');
    const last = registerConnector(first, 'zzz');

    expect(last.split('\n').filter((line) => !registry.includes(line))).toEqual(
      expect.arrayContaining([
        "import { aaa } from './aaa/connector.ts';",
        "import { zzz } from './zzz/connector.ts';",
      ]),
    );
    expect(() => registerConnector(last, 'zzz')).toThrow(ScaffoldError);
  });

  it('does not touch a registry that it does not understand', () => {
    expect(() => registerConnector('export const connectors = load();', 'delta')).toThrow(ScaffoldError);
    expect(() => scaffoldConnector({ root: join(root, 'nowhere'), id: 'delta', category: 'registry' })).toThrow(
      ScaffoldError,
    );
  });
});
