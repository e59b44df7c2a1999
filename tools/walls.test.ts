import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { cleanHouse, cruiseHouse } from './walls-fixture.ts';

interface Arrow {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const arrow = (rule: string, file: string, source: string): Arrow => ({ rule, file, source });
const hub = (path: string) => `apps/hub/src/${path}`;

/** One file per forbidden arrow, laid over the clean house. */
const forbidden: readonly Arrow[] = [
  arrow('no-circular', hub('catalog/ring-a.ts'), "import './ring-b.ts';"),
  arrow('not-to-unresolvable', hub('catalog/insides.ts'), "import '@inthub/contracts/src/ids.ts';"),
  arrow('not-to-unresolvable', hub('catalog/missing.ts'), "import './not-there.ts';"),
  arrow('no-deprecated-builtin', hub('catalog/old.ts'), "import 'node:punycode';"),
  arrow('no-test-from-source', 'packages/contracts/src/uses-test.ts', "import './ids.test.ts';"),
  arrow('no-test-from-source', hub('vault/uses-rig.ts'), "import '../database/testing.ts';"),
  arrow('testing-only-from-tests', hub('catalog/uses-testing.ts'), "import '@inthub/testing';"),
  arrow('no-dev-dependency-in-source', hub('catalog/uses-dev.ts'), "import 'vitest';"),
  ...[
    'packages/contracts',
    'packages/connector-sdk',
    'packages/testing',
    'apps/hub',
    'apps/cli',
    'apps/console',
    'apps/router-agent',
  ].map((folder) =>
    arrow(
      `no-relative-across-packages:${folder}`,
      `${folder}/src/across.ts`,
      "import '../../../connectors/src/registry.ts';",
    ),
  ),
  arrow(
    'no-relative-across-packages:packages/client',
    'packages/client/src/across.ts',
    "import '../../contracts/src/index.ts';",
  ),
  arrow(
    'no-relative-across-packages:connectors',
    'connectors/src/oci/across.ts',
    "import '../../../packages/contracts/src/index.ts';",
  ),
  arrow('no-relative-across-packages:tools', 'tools/across.ts', "import '../packages/contracts/src/index.ts';"),

  arrow('contracts-stand-alone', 'packages/contracts/src/io.ts', "import 'node:fs';"),
  arrow('contracts-stand-alone', 'packages/contracts/src/vendor.ts', "import 'ajv';"),
  arrow('contracts-stand-alone', 'packages/contracts/src/sdk.ts', "import type { A } from '@inthub/connector-sdk';"),
  arrow('sdk-stands-on-contracts', 'packages/connector-sdk/src/io.ts', "import 'node:fs';"),
  arrow('sdk-stands-on-contracts', 'packages/connector-sdk/src/vendor.ts', "import 'undici';"),
  arrow('sdk-testing-stands-on-sdk', 'packages/connector-sdk/src/testing/hub.ts', "import '@inthub/hub';"),
  arrow('sdk-source-not-on-its-testing', 'packages/connector-sdk/src/kit.ts', "import './testing/index.ts';"),
  arrow('client-stands-on-contracts', 'packages/client/src/sdk.ts', "import '@inthub/connector-sdk';"),
  arrow('testing-knows-no-product', 'packages/testing/src/hub.ts', "import '@inthub/hub';"),
  arrow('console-and-cli-talk-through-client', 'apps/cli/src/hub.ts', "import '@inthub/hub';"),
  arrow('console-and-cli-talk-through-client', 'apps/console/src/sdk.ts', "import '@inthub/connector-sdk';"),
  arrow('router-agent-stands-alone', 'apps/router-agent/src/contracts.ts', "import '@inthub/contracts';"),
  arrow('console-and-cli-apart', 'apps/cli/src/console.ts', "import '../../console/src/main.tsx';"),

  arrow('connector-knows-only-sdk-and-contracts', 'connectors/src/oci/client.ts', "import '@inthub/client';"),
  arrow('connector-not-to-connector', 'connectors/src/harbor/sibling.ts', "import '../oci/tags.ts';"),
  arrow('family-not-to-connector', 'connectors/src/_families/oci/child.ts', "import '../../oci/tags.ts';"),
  arrow('connector-not-to-registry', 'connectors/src/oci/registry-user.ts', "import '../registry.ts';"),
  ...[
    'node:http',
    'node:https',
    'http',
    'net',
    'node:tls',
    'node:dns/promises',
    'undici',
    'node:child_process',
    'node:fs',
  ].map((name, index) =>
    arrow('connector-opens-no-socket', `connectors/src/oci/socket-${index}.ts`, `import '${name}';`),
  ),
  arrow('connector-opens-no-socket', 'connectors/src/oci/lazy-socket.ts', "export const f = () => import('node:net');"),
  arrow('connector-opens-no-socket', 'connectors/src/_families/oci/socket.ts', "import 'node:https';"),

  arrow('floor-1-not-up', hub('database/up.ts'), "import '../audit/audit.ts';"),
  arrow('floor-2-not-up', hub('audit/up.ts'), "import '../vault/vault.ts';"),
  arrow('floor-2-not-up', hub('egress/up.ts'), "import type { V } from '../vault/vault.ts';"),
  arrow('floor-3-not-up', hub('vault/up.ts'), "import '../gateway/gateway.ts';"),
  arrow('floor-4-not-up', hub('gateway/up.ts'), "import '../mcp/mcp.ts';"),
  arrow('floor-5-not-up', hub('mcp/up.ts'), "import '../http/http.ts';"),
  arrow('same-floor-apart:egress+events+audit+telemetry', hub('events/sibling.ts'), "import '../audit/audit.ts';"),
  arrow('same-floor-apart:runtime+catalog+vault+access', hub('vault/sibling.ts'), "import '../access/access.ts';"),
  arrow(
    'same-floor-apart:doctor+health+sync+webhooks+gateway+marketplace',
    hub('health/sibling.ts'),
    "import '../gateway/gateway.ts';",
  ),
  arrow('same-floor-apart:annotations+mcp+models', hub('annotations/sibling.ts'), "import '../mcp/mcp.ts';"),
  arrow('room-not-to-composition', hub('vault/config-user.ts'), "import '../config.ts';"),
  arrow('room-by-its-service-file', hub('gateway/insides.ts'), "import '../runtime/registry.ts';"),
  arrow('room-by-its-service-file', hub('http/routes/vault/get-seal.ts'), "import '../../../vault/seal.ts';"),
  arrow('room-by-its-service-file', hub('e2e/insides.test.ts'), "import '../vault/seal.ts';"),
  arrow('no-test-from-source', hub('vault/uses-e2e.ts'), "import '../e2e/testing.ts';"),
  arrow('room-by-its-service-file', hub('http/insides.test.ts'), "import '../vault/seal.ts';"),
  arrow('composition-by-service-file', hub('roles.ts'), "import './vault/seal.ts';"),
  arrow('room-has-a-floor', hub('catalog/attic-user.ts'), "import '../attic/attic.ts';"),
  arrow('catalog-and-runtime-apart', hub('catalog/runtime-user.ts'), "import type { R } from '../runtime/runtime.ts';"),
  arrow('catalog-and-runtime-apart', hub('runtime/catalog-user.ts'), "import '../catalog/catalog.ts';"),
  arrow('gateway-and-egress-receive-the-vault', hub('gateway/vault-user.ts'), "import '../vault/vault.ts';"),
  arrow('gateway-and-egress-receive-the-vault', hub('egress/vault-user.ts'), "import '../vault/vault.ts';"),
  arrow('only-app-knows-connectors', hub('runtime/all-connectors.ts'), "import '@inthub/connectors';"),
  arrow('hub-knows-no-other-app', hub('http/client-user.ts'), "import '@inthub/client';"),
  arrow('sql-only-in-repositories', hub('vault/sql.ts'), "import { sql } from 'kysely';"),
  arrow('sql-only-in-repositories', hub('access/pool.ts'), "import 'pg';"),
  arrow('one-door-out', hub('doctor/probe.ts'), "import 'node:tls';"),
  arrow('one-door-out', hub('webhooks/send.ts'), "import 'undici';"),
];

/** Targets of the arrows above that are not part of the clean house. */
const targets = {
  [hub('catalog/ring-b.ts')]: "import type { A } from './ring-a.ts';",
  [hub('runtime/registry.ts')]: '',
  [hub('attic/attic.ts')]: '',
};

describe('the walls', () => {
  const violations = cruiseHouse({
    ...cleanHouse,
    ...targets,
    ...Object.fromEntries(forbidden.map(({ file, source }) => [file, source])),
  });

  it.each(forbidden)('report $rule in $file', ({ rule, file }) => {
    const reported = violations.filter(({ from }) => from === file).map((violation) => violation.rule);

    expect(reported).toContain(rule);
  });

  it('let every allowed arrow pass', () => {
    expect(cruiseHouse(cleanHouse)).toEqual([]);
  });

  it('blame no file that the clean house holds', () => {
    const blamed = violations.map(({ from }) => from).filter((from) => from in cleanHouse);

    expect(blamed).toEqual([]);
  });

  it('have no rule that this test does not prove', () => {
    const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
    const proved = new Set(forbidden.map(({ rule }) => rule));

    expect(config.forbidden.map(({ name }) => name).filter((name) => !proved.has(name))).toEqual([]);
  });
});
