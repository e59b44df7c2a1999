import { describe, expect, it } from 'vitest';
import { problem } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleIntegration } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const sample = (id: string, more: object = {}) => ({
  id,
  integrationId: ids.integration,
  operation: 'check_run',
  payload: { owner: 'acme', repository: 'app', headSha: 'a'.repeat(40), name: 'scan' },
  state: 'kept',
  createdAt: at,
  createdBy: 'Pipeline',
  postedAt: null,
  lastError: null,
  ...more,
});
const newest = ids.key;
const oldest = ids.other;
const outcome = {
  success: true,
  result: { id: '7', url: null, updated: false, via: 'status', annotations: 0, isTruncated: false },
  errorCode: null,
  errorMessage: null,
  isTransient: false,
  skippedOffline: false,
  keptId: null,
};
const integration = { getIntegration: () => sampleIntegration({ name: 'code' }) };
const kept = (verb: string, ...more: string[]) => ['annotations', verb, ids.integration, ...more];

describe('inthub annotations list and show', () => {
  it('say what was kept, for which place, and what would be posted', async () => {
    const comment = { operation: 'comment', payload: { owner: 'acme', repository: 'app', pullRequestNumber: 7 } };
    const { hub, run } = await startBench({
      ...integration,
      listKeptAnnotations: () => ({ items: [sample(newest), sample(oldest, comment)], nextCursor: null }),
      getKeptAnnotation: () => sample(oldest, { lastError: 'The hub is in offline mode.' }),
    });

    const { stdout } = await run(kept('list', '--state', 'kept'));
    expect(stdout).toMatch(/Pipeline +check run +acme\/app aaaaaaaaaaaa +kept/);
    expect(stdout).toMatch(/comment +acme\/app 7 +kept/);
    expect(hub.requests.at(-1)?.query).toMatchObject({ state: 'kept' });
    const shown = await run(kept('show', oldest));
    expect(shown.stdout).toContain('"name": "scan"');
    expect(shown.stdout).toMatch(/last error +The hub is in offline mode\./);
  });

  it('say that there is none of that id', async () => {
    const { run } = await startBench({
      ...integration,
      getKeptAnnotation: () => {
        throw problem(404, 'not_found', 'There is no such kept annotation.');
      },
    });

    expect(await run(kept('show', oldest))).toMatchObject({ code: 5, stderr: expect.stringContaining('no such kept') });
  });
});

describe('inthub annotations post', () => {
  const path = (id: string) => ({ id: ids.integration, keptId: id });

  it('posts one, or all from the oldest on', async () => {
    const { hub, run, json } = await startBench({
      ...integration,
      listKeptAnnotations: () => ({ items: [sample(newest), sample(oldest)], nextCursor: null }),
      postKeptAnnotation: () => outcome,
    });

    expect((await run(kept('post', newest))).stdout).toMatch(new RegExp(`${newest} +posted +status`));
    expect(await json(kept('post', '--all'))).toEqual({
      items: [
        { id: oldest, ...outcome },
        { id: newest, ...outcome },
      ],
    });
    expect(hub.requests.slice(-2).map((request) => request.path)).toEqual([path(oldest), path(newest)]);
  });

  it('says that nothing is kept', async () => {
    const { run } = await startBench({ ...integration, listKeptAnnotations: () => ({ items: [], nextCursor: null }) });

    expect(await run(kept('post', '--all'))).toMatchObject({ code: 0, stdout: 'Nothing is kept.\n' });
  });

  it('stops at once while the hub is still offline', async () => {
    const offline = { ...outcome, success: false, result: null, errorCode: 'offline', skippedOffline: true };
    const { hub, run } = await startBench({ ...integration, postKeptAnnotation: () => offline });

    expect(await run(kept('post', oldest, newest))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('still offline'),
    });
    expect(hub.requests.filter(({ operation }) => operation === 'postKeptAnnotation')).toHaveLength(1);
  });

  it('shows what was posted before one that is posted already, and wants something to post', async () => {
    const { run } = await startBench({
      ...integration,
      postKeptAnnotation({ path: asked }) {
        if (asked['keptId'] === newest) throw problem(409, 'conflict', `It was posted at ${at}.`);
        return outcome;
      },
    });

    expect(await run(kept('post', oldest, newest))).toMatchObject({
      code: 6,
      stdout: expect.stringContaining(oldest),
      stderr: expect.stringContaining('It was posted at'),
    });
    expect(await run(kept('post'))).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') });
    expect((await run(kept('post', oldest, '--all'))).code).toBe(2);
  });
});

describe('inthub annotations drop', () => {
  it('deletes those that are named, or all that are kept', async () => {
    const { hub, run, json } = await startBench({
      ...integration,
      listKeptAnnotations: () => ({ items: [sample(newest), sample(oldest)], nextCursor: null }),
      removeKeptAnnotation: () => null,
    });

    expect((await run(kept('drop', oldest))).stdout).toBe('1 deleted.\n');
    expect(await json(kept('drop', '--all'))).toEqual({ dropped: [oldest, newest] });
    expect(hub.requests.filter(({ operation }) => operation === 'removeKeptAnnotation')).toHaveLength(3);
  });
});
