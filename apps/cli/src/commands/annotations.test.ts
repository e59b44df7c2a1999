import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory } from '@inthub/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration } from '../testing/samples.ts';

const folder = createTemporaryDirectory('findings');
afterAll(() => folder.remove());
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

const sha = 'a'.repeat(40);
const posted = (via: string, more: object = {}) => ({
  success: true,
  result: { id: '7', url: 'https://scm.test/7', updated: false, via, annotations: 0, isTruncated: false, ...more },
  errorCode: null,
  errorMessage: null,
  isTransient: false,
  skippedOffline: false,
  keptId: null,
});
const failed = {
  ...posted('comment'),
  success: false,
  result: null,
  errorCode: 'provider_unavailable',
  errorMessage: 'GitLab answered 502.',
  isTransient: true,
};
const kept = { ...failed, errorCode: 'offline', isTransient: false, skippedOffline: true, keptId: ids.other };
const finding = { ruleId: 'r', message: 'm', severity: 'high', path: 'a.ts', startLine: 3 };
const sarif = { version: '2.1.0', runs: [{ tool: { driver: { name: 'scan' } }, results: [] }] };
const published = { comment: posted('comment'), status: null, checkRun: null, findings: 1, bySeverity: { high: 1 } };

const place = ['--repository', 'acme/tools/app', '--commit', sha];
const publish = (path: string, ...more: string[]) => [
  'annotations',
  'publish',
  ids.integration,
  path,
  ...place,
  '--name',
  'security/scan',
  ...more,
];

async function start(operations: Parameters<typeof startBench>[0] = {}) {
  return startBench({
    getIntegration: () => sampleIntegration({ name: 'code' }),
    publishFindings: () => published,
    ...operations,
  });
}

describe('inthub annotations publish', () => {
  it('sends a SARIF log, from a file or stdin, with what the flags say', async () => {
    const { hub, run } = await start({
      publishFindings: () => ({
        ...published,
        status: posted('status_and_comment', { updated: true }),
        checkRun: posted('check_run', { annotations: 60 }),
        findings: 3,
        bySeverity: { critical: 1, info: 2 },
      }),
    });
    const { code, stdout } = await run(
      publish(file('scan.sarif', `\ufeff${JSON.stringify(sarif, null, 2)}`), '--pr', '7', '--fail-on', 'never'),
    );

    expect(code).toBe(0);
    expect(hub.requests.at(-1)?.body).toEqual({
      owner: 'acme/tools',
      repository: 'app',
      commitSha: sha,
      name: 'security/scan',
      pullRequestNumber: 7,
      failOn: 'never',
      sarif,
    });
    expect(stdout).toContain('3 findings: 1 critical, 2 info.');
    expect(stdout).toMatch(/check run +posted +check run +60 +https:/);
    expect(stdout).toMatch(/status +updated +status and comment/);

    await run(publish('-', '--only', 'status', 'comment'), { stdin: JSON.stringify(sarif) });
    expect(hub.requests.at(-1)?.body).toMatchObject({ sarif, publish: ['status', 'comment'] });
  });

  it.each([
    ['a list', [finding]],
    ['an object', { findings: [finding] }],
  ])('sends findings in the hub’s own form: %s', async (_form, content) => {
    const { hub, json } = await start();

    expect(await json(publish('-'), { stdin: JSON.stringify(content) })).toEqual(published);
    expect(hub.requests.at(-1)?.body).toMatchObject({ findings: [finding] });
  });

  it.each([
    ['an empty file', ' \n', 'is empty'],
    ['XML', '<testsuite/>', 'is XML'],
    ['half a log', '{"version": ', 'not valid JSON'],
    ['something else', '{"Results": []}', 'neither a SARIF log nor findings'],
    ['a number', '4', 'neither a SARIF log nor findings'],
    ['an older SARIF', '{"version": "1.0.0", "runs": []}', 'SARIF 1.0.0; the hub takes SARIF 2.1.0'],
    ['findings among other things', '{"findings": [], "owner": "x"}', '"owner" does not belong'],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'not UTF-8'],
    ['more than the hub takes', JSON.stringify(['x'.repeat(10_600_000)]), '10 MiB'],
  ])('says of %s what it is, and sends nothing', async (_what, content, message) => {
    const { hub, run } = await start();
    const path = file('wrong', content);
    const { code, stdout, stderr } = await run(publish(path));

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(hub.requests).toEqual([]);
  });

  it('says which file is not there, and which flag is wrong', async () => {
    const { run } = await start();
    const wrong = async (args: string[]) => {
      const { code, stderr } = await run(args);
      expect(code).toBe(2);
      return stderr;
    };

    expect(await wrong(publish('/nowhere/scan.sarif'))).toContain('/nowhere/scan.sarif cannot be read (ENOENT)');
    const good = file('good.json', '[]');
    expect(await wrong([...publish(good), '--commit', 'abc123'])).toContain('git rev-parse HEAD');
    for (const name of ['app', '/app', 'acme/', 'https://github.com/acme/app'])
      expect(await wrong([...publish(good), '--repository', name])).toContain('owner/name');
    expect(await wrong([...publish(good), '--pr', '0'])).toContain('whole number');
    expect(await wrong([...publish(good), '--fail-on', 'bad'])).toContain('critical');
  });

  it('ends with 1 when something failed, and says that it may be run again', async () => {
    const { run } = await start({ publishFindings: () => ({ ...published, status: failed }) });
    const { code, stdout, stderr } = await run(publish('-'), { stdin: '[]' });

    expect(code).toBe(1);
    expect(stdout).toMatch(/comment +posted/);
    expect(stdout).toMatch(/status +failed .*GitLab answered 502\. \(provider_unavailable\)/);
    expect(stderr).toContain('run it again');
  });

  it('ends well when the hub is offline, and says how to post it later', async () => {
    const { run } = await start({ publishFindings: () => ({ ...published, comment: kept }) });
    const { code, stdout, stderr } = await run(publish('-'), { stdin: '[]' });

    expect([code, stderr]).toEqual([0, expect.stringContaining(`inthub annotations post code ${ids.other}`)]);
    expect(stdout).toMatch(/comment +kept/);
  });
});

describe('inthub annotations comment, status, check-run', () => {
  it('post what the flags and files say', async () => {
    const { hub, run } = await start({
      postComment: () => posted('comment', { isTruncated: true }),
      postStatus: () => posted('status'),
      createCheckRun: () => posted('status_and_comment'),
    });
    const at = { owner: 'acme/tools', repository: 'app' };
    const line = { path: 'a.ts', startLine: 1, endLine: 1, level: 'warning', message: 'm' };

    const comment = ['annotations', 'comment', ids.integration, '--repository', 'acme/tools/app', '--pr', '7'];
    const { stderr } = await run([...comment, '--body', `@${file('body.md', '# Hello\n')}`, '--key', 'k']);
    expect(hub.requests.at(-1)?.body).toEqual({ ...at, pullRequestNumber: 7, body: '# Hello\n', key: 'k' });
    expect(stderr).toContain('cut off');
    await run([...comment, '--body', '-', '--new'], { stdin: 'x' });
    expect(hub.requests.at(-1)?.body).toEqual({ ...at, pullRequestNumber: 7, body: 'x', updateExisting: false });

    await run(['annotations', 'status', ids.integration, ...place, '--state', 'success', '--context', 'ci']);
    expect(hub.requests.at(-1)?.body).toEqual({ ...at, commitSha: sha, state: 'success', context: 'ci' });

    const checkRun = [
      'annotations',
      'check-run',
      ids.integration,
      ...place,
      '--name',
      'scan',
      '--conclusion',
      'failure',
    ];
    await run([...checkRun, '--summary', 'Bad.', '--annotations', '-', '--pr', '7'], { stdin: JSON.stringify([line]) });
    expect(hub.requests.at(-1)?.body).toEqual({
      ...at,
      headSha: sha,
      name: 'scan',
      conclusion: 'failure',
      summary: 'Bad.',
      annotations: [line],
      pullRequestNumber: 7,
    });
    expect((await run([...checkRun, '--annotations', '{}'])).stderr).toContain('must be a JSON list');
  });

  it('end with 1 when the provider fails', async () => {
    const { run } = await start({ postStatus: () => failed });
    const args = ['annotations', 'status', ids.integration, ...place, '--state', 'success', '--context', 'ci'];

    expect(await run(args)).toMatchObject({ code: 1, stdout: expect.stringContaining('GitLab answered 502.') });
    const { code, stdout, stderr } = await run([...args, '--json']);
    expect([code, JSON.parse(stdout), stderr]).toEqual([1, failed, '']);
  });
});
