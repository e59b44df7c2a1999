import { describe, expect, it } from 'vitest';
import { checkSource, sourceRules, textRules } from './source-rules/check-source.ts';

interface Example {
  readonly rule: string;
  readonly path: string;
  readonly source: string;
  /** Lines on which the rule must speak. */
  readonly lines: readonly number[];
}

const room = 'apps/hub/src/vault/seal.ts';
const connector = 'connectors/src/oci/tags.ts';
const unitTest = 'apps/hub/src/vault/seal.test.ts';
const bad = (rule: string, path: string, source: string, lines: readonly number[] = [1]): Example => ({
  rule,
  path,
  source,
  lines,
});

/** A folder that belongs to one machine, put together so that this file does not hold one. */
const home = ['', 'home', 'ada', 'key.pem'].join('/');

const broken: readonly Example[] = [
  bad('max-lines', room, 'const a = 1;\n'.repeat(301)),
  bad('max-lines', unitTest, 'const a = 1;\n'.repeat(401)),
  bad('telling-name', 'apps/hub/src/vault/utils.ts', 'export const a = 1;'),
  bad('telling-name', 'packages/contracts/src/shared/a.ts', 'export const a = 1;'),
  bad('telling-name', 'apps/hub/src/vault/key-manager.ts', 'export const a = 1;'),
  bad('no-inner-index', 'apps/hub/src/vault/index.ts', 'export const a = 1;'),
  bad('no-relative-across-packages', room, "\nimport { a } from '../../../../packages/contracts/src/ids.ts';", [2]),
  bad('no-relative-across-packages', 'connectors/src/registry.ts', "export * from '../../apps/hub/src/app.ts';"),
  bad('no-relative-across-packages', 'tools/check.ts', "const a = await import('../packages/contracts/src/ids.ts');"),
  bad('import-with-extension', room, "import { a } from './ids.js';\nimport { b } from './ids';", [1, 2]),
  bad('no-import-type-expression', room, "type A = Map<string, import('../gateway/gateway.ts').Gateway>;"),
  bad('injected-clock', room, 'const a = Date.now();\nconst b = new Date();\nconst c = Math.random();', [1, 2, 3]),
  bad('injected-clock', room, 'const a = performance.now();\nglobalThis.setTimeout(f, 1);', [1, 2]),
  bad('injected-clock', connector, "import { setTimeout } from 'node:timers/promises';\nawait setTimeout(5);"),
  bad('injected-clock', connector, '// é, to count characters and not bytes\nsetInterval(() => {}, 5);', [2]),
  bad('injected-clock', 'packages/connector-sdk/src/page.ts', 'const later = { wait: setImmediate };'),
  bad(
    'one-door-out',
    connector,
    "await fetch('https://example.com');\nnew OpenAI({ fetch: globalThis.fetch });",
    [1, 2],
  ),
  bad('one-door-out', room, 'const socket = new WebSocket(url);'),
  bad('no-bare-error', connector, "if (!a) throw new Error('no');\nthrow Error('no');", [1, 2]),
  bad('static-log-message', room, 'log.info(`installed ${id}`);\nthis.logger.warn({ id }, "no " + id);', [1, 2]),
  bad('static-log-message', connector, 'ctx.log.debug(`page ${n}`);'),
  bad(
    'repository-takes-transaction',
    'apps/hub/src/vault/secret-repository.ts',
    'const f = (pool: Pool) => pool.query("");',
  ),
  bad('no-skipped-tests', unitTest, "it.only('a', f);\ndescribe.todo('b');", [1, 2]),
  bad('no-skipped-tests', unitTest, "it.skip('c', f);"),
  bad('no-skipped-tests', unitTest, "describe.concurrent.skip('a', f);"),
  bad('no-empty-assertion', unitTest, 'expect(true).toBe(true);'),
  bad('machine-path', 'docs/guide.md', `\nCopy the key to ${home} and start.`, [2]),
  bad('machine-path', unitTest, `const key = '${home}';`),
];

const fine: readonly (readonly [path: string, source: string])[] = [
  [room, 'const a = 1;\n'.repeat(300)],
  [unitTest, 'const a = 1;\n'.repeat(400)],
  ['packages/contracts/src/index.ts', "export { a } from './ids.ts';"],
  ['packages/client/src/generated/index.ts', 'export const a = 1;\n'.repeat(900)],
  [room, 'const a = new Date(row.at);\nconst f = (fetch: Send, setTimeout: Later) => [fetch(1), setTimeout(2)];'],
  [room, 'let timer: ReturnType<typeof setTimeout>;\nclearTimeout(timer);\nconst now = clock.now();'],
  [
    room,
    'interface S { get(key: string, fetch: () => Promise<T>): T }\ntype F = (setTimeout: (ms: number) => void) => void;',
  ],
  ['packages/contracts/src/clock.ts', 'export const clock = { now: () => new Date() };'],
  [unitTest, 'const now = Date.now();\nawait fetch(url);\nthrow new Error("arranged");'],
  ['packages/testing/src/wait.ts', 'setTimeout(() => {}, 5);'],
  [connector, "throw new HubError('not_found', 'No such tag.');\nconst page = await ctx.http.fetch('/v2/');"],
  [room, "log.info({ id }, 'sealed');\nlog.info(`static`);\ncatalog.info(`not a log ${id}`);"],
  [unitTest, "describe.skipIf(!docker)('a', f);\nit.each([1])('b', f);\nexpect(result).toBe(true);"],
  ['apps/hub/src/vault/secret-repository.ts', 'const f = (tx: TenantTx) => tx.selectFrom("secrets");'],
  ['docs/guide.md', 'GET /api/v1/home/page and https://example.com/root/x and ./work/here and apps/work/x'],
];

describe('source rules', () => {
  it.each(broken)('$rule speaks about $path', ({ rule, path, source, lines }) => {
    const spoken = checkSource(path, source).filter((finding) => finding.rule === rule);

    expect([...new Set(spoken.map(({ line }) => line))]).toEqual(lines);
  });

  it.each(fine)('leave %s alone (case %#)', (path, source) => {
    expect(checkSource(path, source)).toEqual([]);
  });

  it('have a bad example for each rule, and a way out in each message', () => {
    const all = [...sourceRules, ...textRules];
    const examples = new Set(broken.map(({ rule }) => rule));

    expect(all.map(({ name }) => name).filter((name) => !examples.has(name))).toEqual([]);
    for (const { rule, path, source } of broken) {
      const wayOut = all.find(({ name }) => name === rule)?.wayOut ?? 'no such rule';
      expect(checkSource(path, source).find((finding) => finding.rule === rule)?.message).toContain(wayOut);
    }
  });

  it('name the file when it does not parse', () => {
    expect(() => checkSource(room, 'const = ;')).toThrow(room);
  });
});

describe('rule-ok', () => {
  /** Put together so that it is not an escape for this file. */
  const mark = ['// rule', 'ok:'].join('-');
  const reason = 'measured by the process itself';
  const rulesOf = (source: string) => checkSource(room, source).map(({ rule }) => rule);
  const escaped = (comment: string) => rulesOf(`${mark} ${comment}\nconst now = Date.now();`);

  it('lets a breach pass on its own line and on the next', () => {
    expect(escaped(`injected-clock ${reason}`)).toEqual([]);
    expect(rulesOf(`f(Date.now()); ${mark} injected-clock ${reason}`)).toEqual([]);
  });

  it('asks for a reason', () => {
    expect(escaped('injected-clock')).toEqual(['rule-ok']);
    expect(escaped('injected-clock because')).toEqual(['rule-ok']);
  });

  it('knows its rules', () => {
    expect(escaped(`injected-cloak ${reason}`)).toEqual(['rule-ok', 'injected-clock']);
  });

  it('is refused where nothing is broken', () => {
    expect(rulesOf(`${mark} injected-clock ${reason}\nconst now = clock.now();`)).toEqual(['rule-ok']);
  });

  it('covers no other rule and no later line', () => {
    expect(escaped(`one-door-out ${reason}`)).toEqual(['rule-ok', 'injected-clock']);
    expect(escaped(`injected-clock ${reason}\n`)).toEqual(['rule-ok', 'injected-clock']);
  });
});
