import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HubRequest, problem } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleConnector, sampleIntegration, samplePermissions } from '../testing/samples.ts';

const metadata = { durationMs: 12.4, apiCalls: 1, cached: false };
const result = (data: unknown) => ({ success: true, data, metadata });
const operations = {
  listIntegrations: () => ({ items: [sampleIntegration()], nextCursor: null }),
  getConnector: () => sampleConnector,
  getPermissions: () => samplePermissions({ effectiveCapabilities: ['tag.list'] }),
  executeAction: () => result({ tags: ['a', 'b'], total: 2 }),
};
const run = ['actions', 'run', 'main registry', 'tag.list'] as const;
const sent = (requests: readonly HubRequest[]) => requests.find(({ operation }) => operation === 'executeAction');

describe('inthub actions list', () => {
  it('lists the actions of the type, and which of them are allowed', async () => {
    const bench = await startBench(operations);

    const human = await bench.run(['actions', 'list', 'main registry']);
    const json = await bench.json(['actions', 'list', 'main registry']);

    expect(human.stdout).toMatch(/tag\.list +tag\.list +yes +no +yes\ntag\.resolve +tag\.resolve +yes +no +no/);
    expect(human.stdout).not.toContain('other.thing');
    expect(json).toMatchObject({
      items: [
        { id: 'tag.list', allowed: true },
        { id: 'tag.resolve', allowed: false },
      ],
    });
  });
});

describe('inthub actions show', () => {
  it('explains parameters, the required ones first', async () => {
    const bench = await startBench(operations);

    const { stdout } = await bench.run(['actions', 'show', 'main registry', 'tag.list']);

    expect(stdout).toMatch(/repository +string +yes +– +Name of the repository\.\nlimit +integer/);
    expect(stdout).toMatch(/labels +list of string/);
    expect(stdout).toMatch(/Result\n(.|\n)*tags +list of string/);
  });

  it('ends with exit code 5 and a near name when there is no such action', async () => {
    const bench = await startBench(operations);

    const { code, stderr } = await bench.run(['actions', 'show', 'main registry', 'tag.lst']);

    expect(code).toBe(5);
    expect(stderr).toContain('main registry (registry.harbor) has no action "tag.lst". Did you mean "tag.list"?');
  });
});

describe('inthub actions run', () => {
  it('types parameters by the schema of the action', async () => {
    const bench = await startBench(operations);

    const params = [
      '--param',
      'repository=7',
      'limit=5',
      'exact=true',
      'labels=a',
      '--param',
      'labels=b',
      'x:={"y":1}',
    ];
    const more = ['--timeout', '30s', '--idempotency-key', 'once'];
    const { code, stdout, stderr } = await bench.run([...run, ...params, ...more]);

    expect(code).toBe(0);
    expect(sent(bench.hub.requests)).toMatchObject({
      path: { instanceId: ids.integration },
      headers: { 'idempotency-key': 'once' },
      body: {
        action: 'tag.list',
        timeoutMs: 30_000,
        params: { repository: '7', limit: 5, exact: true, labels: ['a', 'b'], x: { y: 1 } },
      },
    });
    expect(stdout).toBe('total  2\n\ntags\na\nb\n');
    expect(stderr).toBe('12 ms, 1 request to the provider\n');
  });

  it('takes parameters from a file, stdin or the argument, and single ones over them', async () => {
    const bench = await startBench(operations);
    const file = join(bench.configHome, 'params.json');
    writeFileSync(file, '{"repository":"file"}');

    await bench.json([...run, '--params', `@${file}`]);
    await bench.json([...run, '--params', '-'], { stdin: '{"repository":"stdin"}' });
    await bench.json([...run, '--params', '{"repository":"argument","limit":1}', '--param', 'limit=2']);

    const bodies = bench.hub.requests.filter(({ operation }) => operation === 'executeAction').map(({ body }) => body);
    expect(bodies).toEqual([
      { action: 'tag.list', params: { repository: 'file' } },
      { action: 'tag.list', params: { repository: 'stdin' } },
      { action: 'tag.list', params: { repository: 'argument', limit: 2 } },
    ]);
    // The schema is asked for only where a text has to be typed.
    expect(bench.hub.requests.filter(({ operation }) => operation === 'getConnector')).toHaveLength(1);
  });

  it.each([
    [
      'a list of objects',
      [
        { name: 'a', size: 1 },
        { name: 'b', tags: ['x'] },
      ],
      /^NAME +SIZE +TAGS\na +1 +–\nb +– +\["x"\]\n$/,
    ],
    ['a text', 'plain', /^plain\n$/],
    ['nothing', null, /^null\n$/],
    ['an object', { a: 1, b: { c: 2 } }, /^a +1\nb +\{"c":2\}\n$/],
    ['an empty list', { items: [] }, /^items\nnone\n$/],
  ])('shows %s', async (_what, data, expected) => {
    const bench = await startBench({ ...operations, executeAction: () => result(data) });

    expect((await bench.run([...run])).stdout).toMatch(expected);
    expect(await bench.json([...run])).toEqual(result(data));
  });

  it('fails with what the provider said', async () => {
    const bench = await startBench({
      ...operations,
      executeAction: () => {
        const error = { code: 'provider_not_found', message: 'No such tag.', retryable: false };
        throw problem(404, 'provider_not_found', 'No such tag.', { success: false, data: null, error, metadata });
      },
    });

    const human = await bench.run([...run]);
    const json = await bench.run([...run, '--json']);

    expect(human).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('No such tag.') });
    expect(json).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'provider_not_found', metadata, exitCode: 1 });
  });

  it.each([
    [['--timeout', '10m'], /at most 300s/],
    [['--timeout', 'soon'], /--timeout "soon" is not a duration/],
    [['--params', '[1]'], /must be a JSON object/],
    [['--param', 'limit=many'], /--param limit: "many" is not a whole number/],
  ])('refuses %j', async (flags, message) => {
    const bench = await startBench(operations);

    const { code, stderr } = await bench.run([...run, ...flags]);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(sent(bench.hub.requests)).toBeUndefined();
  });
});

describe('inthub actions run --stream', () => {
  const events = [
    { type: 'progress', message: 'half', percent: 50 },
    { type: 'data', chunk: { tag: 'a' } },
    { type: 'data', chunk: 'b\u001b[2J' },
    { type: 'warning', message: 'slow' },
    { type: 'complete', summary: { tags: 2 } },
  ];
  const streaming = (list: readonly { type: string }[]) => ({ ...operations, executeAction: () => ({ events: list }) });

  it('prints data on stdout and the rest on stderr, as it comes', async () => {
    const bench = await startBench(streaming(events));

    const { code, stdout, stderr } = await bench.run([...run, '--stream', '--idempotency-key', 'once']);

    expect(code).toBe(0);
    expect(stdout).toBe('{"tag":"a"}\nb\\u{1b}[2J\n');
    expect(stderr).toBe('50 %  half\nwarning: slow\ndone: {"tags":2}\n');
    expect(sent(bench.hub.requests)?.headers).toMatchObject({ accept: 'text/event-stream', 'idempotency-key': 'once' });
  });

  it('prints one JSON document a line with --json', async () => {
    const bench = await startBench(streaming(events));

    const { stdout } = await bench.run([...run, '--stream', '--json']);

    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(events);
  });

  it.each([
    [[{ type: 'error', error: { code: 'provider_timeout', message: 'Too slow.' } }], 1, /error: Too slow\./],
    [[{ type: 'error', error: { code: 'not_granted', message: 'No.' } }], 4, /No\.\n.*inthub grants show/],
    [[{ type: 'error', error: { code: 'of_tomorrow', message: 'New.' } }], 1, /New\./],
    [[{ type: 'progress', message: 'half', percent: 50 }], 1, /ended before the action did/],
    [[], 1, /ended before the action did/],
  ])('fails when the action does, as it would without --stream: %j', async (list, exitCode, message) => {
    const bench = await startBench(streaming(list));

    const { code, stderr } = await bench.run([...run, '--stream']);

    expect(code).toBe(exitCode);
    expect(stderr).toMatch(message);
  });

  it('ends a refused call as any other', async () => {
    const bench = await startBench({
      ...operations,
      executeAction: () => {
        throw problem(403, 'not_granted', 'No grant for tag.list.');
      },
    });

    expect(await bench.run([...run, '--stream'])).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/No grant for tag\.list\.\n.*inthub grants show/),
    });
  });
});
