/**
 * A small house in a temporary folder with the same packages, rooms and floors as the real one, for proving the walls:
 * the clean tree must pass, and each forbidden arrow laid over it must be reported.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..');

/** Path inside the house → source text. */
export type Files = Readonly<Record<string, string>>;

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

const workspaces = {
  'packages/contracts': '@inthub/contracts',
  'packages/connector-sdk': '@inthub/connector-sdk',
  'packages/client': '@inthub/client',
  'packages/testing': '@inthub/testing',
  connectors: '@inthub/connectors',
  'apps/hub': '@inthub/hub',
} as const;

const vendorPackages = ['typebox', 'uuid', 'ajv', 'undici', 'kysely', 'pg', 'vitest', 'openai', 'fastify', 'commander'];

const manifest = (name: string, entry: string) =>
  JSON.stringify({
    name,
    version: '1.0.0',
    type: 'module',
    exports: { '.': { source: entry, default: './dist/none.js' }, './testing': { source: './src/testing/index.ts' } },
    dependencies: Object.fromEntries(
      vendorPackages.filter((vendor) => vendor !== 'vitest').map((vendor) => [vendor, '1']),
    ),
    devDependencies: { vitest: '1' },
  });

const entries: Partial<Record<string, string>> = { connectors: './src/registry.ts', 'apps/hub': './src/app.ts' };

/** Every allowed arrow once, so that a rule drawn too tight is noticed as well. */
export const cleanHouse: Files = {
  'packages/contracts/src/index.ts': "export { a } from './ids.ts';",
  'packages/contracts/src/ids.ts': "import 'uuid'; import 'typebox'; export const a = 1;",
  'packages/contracts/src/ids.test.ts': "import 'vitest'; import 'node:fs'; import './ids.ts';",
  'packages/connector-sdk/src/index.ts':
    "import '@inthub/contracts'; import 'ajv'; import 'typebox'; import 'node:crypto';",
  'packages/connector-sdk/src/testing/index.ts': "import 'vitest'; import '../index.ts'; import '@inthub/contracts';",
  'packages/client/src/index.ts': "import '@inthub/contracts';",
  'packages/testing/src/index.ts': "import '@inthub/contracts'; import 'pg'; import 'node:net';",
  'connectors/src/registry.ts': "import './oci/connector.ts'; import './harbor/connector.ts';",
  'connectors/src/registry.test.ts': "import './registry.ts'; import 'node:fs';",
  'connectors/src/_families/oci/base.ts': "import '@inthub/connector-sdk'; import 'openai';",
  'connectors/src/_families/oci/counterpart.ts': "import '@inthub/testing'; import 'node:http'; import './base.ts';",
  'connectors/src/oci/connector.ts':
    "import '@inthub/contracts'; import './tags.ts'; import '../_families/oci/base.ts';",
  'connectors/src/oci/tags.ts': "import 'node:crypto'; import 'typebox';",
  'connectors/src/oci/connector.test.ts':
    "import '@inthub/testing'; import '@inthub/connector-sdk/testing'; import 'node:http';",
  'connectors/src/harbor/connector.ts': "import '@inthub/connector-sdk'; import '../_families/oci/base.ts';",
  'apps/hub/src/main.ts': "import './app.ts'; import './config.ts';",
  'apps/hub/src/config.ts': "import '@inthub/contracts';",
  'apps/hub/src/app.ts':
    "import '@inthub/connectors'; import './runtime/runtime.ts'; import './http/http.ts'; import './config.ts';",
  'apps/hub/src/database/database.ts': "import 'pg'; import 'kysely'; import 'node:net';",
  'apps/hub/src/database/testing.ts': "import '@inthub/testing'; import './database.ts';",
  'apps/hub/src/egress/egress.ts': "import 'undici'; import 'node:dns';",
  'apps/hub/src/egress/retry.ts': "import { type B } from '@inthub/contracts';",
  'apps/hub/src/events/events.ts': "import '../database/database.ts'; import './event-repository.ts';",
  'apps/hub/src/events/event-repository.ts': "import 'kysely'; import type { D } from '../database/database.ts';",
  'apps/hub/src/audit/audit.ts': "import '@inthub/contracts';",
  'apps/hub/src/telemetry/telemetry.ts': "import '@inthub/contracts';",
  'apps/hub/src/vault/vault.ts': "import '../audit/audit.ts'; import './seal.ts';",
  'apps/hub/src/vault/seal.ts': "import 'node:crypto';",
  'apps/hub/src/vault/vault.db.test.ts':
    "import '@inthub/testing'; import 'pg'; import '../gateway/gateway.ts'; import '../app.ts'; import '../database/testing.ts';",
  'apps/hub/src/catalog/catalog.ts': "import '../events/events.ts'; import '@inthub/connector-sdk';",
  'apps/hub/src/runtime/runtime.ts': "import '../egress/egress.ts';",
  'apps/hub/src/access/access.ts': "import '../audit/audit.ts';",
  'apps/hub/src/health/health.ts': "import '../runtime/runtime.ts'; import '../catalog/catalog.ts';",
  'apps/hub/src/gateway/gateway.ts':
    "import type { V } from '../vault/vault.ts'; import '../runtime/runtime.ts'; import './stages/limit.ts';",
  'apps/hub/src/gateway/stages/limit.ts': "import '../../egress/egress.ts';",
  'apps/hub/src/mcp/mcp.ts': "import '../gateway/gateway.ts';",
  'apps/hub/src/http/http.ts':
    "import 'fastify'; import '../gateway/gateway.ts'; import './routes/integrations/get-integration.ts';",
  'apps/hub/src/http/routes/integrations/get-integration.ts':
    "import '../../../catalog/catalog.ts'; import type { I } from 'node:http';",
  'apps/hub/src/e2e/tenancy.db.test.ts': "import './testing.ts';",
  'apps/hub/src/e2e/testing.ts': "import '@inthub/testing'; import '../app.ts'; import '../database/testing.ts';",
  'apps/cli/src/main.ts': "import '@inthub/client'; import '@inthub/contracts'; import 'commander';",
  'apps/console/src/main.tsx': "import '@inthub/client'; export const a = <p>hello</p>;",
  'tools/generators/openapi.ts': "import '@inthub/hub';",
  'bench/gateway/gateway.bench.ts': "import '@inthub/testing'; import 'undici';",
};

/** Builds the house, runs dependency-cruiser with the real configuration over it, and removes it again. */
export function cruiseHouse(files: Files): Violation[] {
  const root = mkdtempSync(join(tmpdir(), 'walls-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write(
      'package.json',
      JSON.stringify({ name: 'house', type: 'module', workspaces: ['packages/*', 'connectors', 'apps/*'] }),
    );
    for (const vendor of vendorPackages) {
      write(
        `node_modules/${vendor}/package.json`,
        JSON.stringify({ name: vendor, version: '1.0.0', main: 'index.js' }),
      );
      write(`node_modules/${vendor}/index.js`, '');
    }
    mkdirSync(join(root, 'node_modules/@inthub'), { recursive: true });
    for (const [folder, name] of Object.entries(workspaces)) {
      write(`${folder}/package.json`, manifest(name, entries[folder] ?? './src/index.ts'));
      symlinkSync(join(root, folder), join(root, 'node_modules', name));
    }
    write('apps/cli/package.json', manifest('inthub', './src/main.ts'));
    write('apps/console/package.json', manifest('@inthub/console', './src/main.tsx'));
    for (const [path, text] of Object.entries(files)) write(path, text);
    return cruise(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface CruiseReport {
  readonly summary: { readonly violations: readonly { rule: { name: string }; from: string; to: string }[] };
}

function cruise(root: string): Violation[] {
  const run = spawnSync(
    process.execPath,
    [
      join(repository, 'node_modules/.bin/depcruise'),
      ...['--config', join(repository, '.dependency-cruiser.cjs'), '--output-type', 'json'],
      '.',
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser did not report: ${run.stderr}`);
  const report = JSON.parse(run.stdout) as CruiseReport;
  return report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}
