import type { ConnectorDefinition } from '@inthub/connector-sdk';
import { type Counterpart, createMockGateway, type StartCounterpart } from '@inthub/connector-sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitea } from './gitea/connector.ts';
import { startCounterpart as startGitea } from './gitea/counterpart.ts';
import { github } from './github/connector.ts';
import { startCounterpart as startGitHub } from './github/counterpart.ts';
import { gitlab } from './gitlab/connector.ts';
import { startCounterpart as startGitLab } from './gitlab/counterpart.ts';

// Swapping the product changes no caller: one script of category actions, over three products, with nothing but names in between.
const products: readonly [string, ConnectorDefinition, StartCounterpart][] = [
  ['github', github, startGitHub],
  ['gitlab', gitlab, startGitLab],
  ['gitea', gitea, startGitea],
];

interface Listed<Item> {
  readonly items: readonly Item[];
}

describe.each(products)('a caller that knows no product, on %s', (_name, connector, start) => {
  let counterpart: Counterpart;
  beforeAll(async () => {
    counterpart = await start();
  });
  afterAll(() => counterpart?.stop());

  it('reads a repository, opens an issue and a pull request, comments and sets a status', async () => {
    const { respond, config, credential, type } = counterpart;
    const gateway = createMockGateway({
      connector,
      respond,
      ...(type === undefined ? {} : { type }),
      ...(config === undefined ? {} : { config }),
      ...(credential === undefined ? {} : { credential }),
    });
    const run = async <Output>(action: string, input: unknown) => (await gateway.run(action, input)) as Output;
    const wanted = counterpart.inputs['pr.create'] as { owner: string; repo: string; sourceBranch: string };
    const at = { owner: wanted.owner, repo: wanted.repo };

    const repository = await run<{ fullName: string; defaultBranch: string }>('repo.get', at);
    expect(repository.fullName).toBe(`${at.owner}/${at.repo}`);
    const { items: branches } = await run<Listed<{ name: string; commitSha: string }>>('branch.list', at);
    const head = branches.find(({ name }) => name === wanted.sourceBranch);
    expect(branches.map(({ name }) => name)).toContain(repository.defaultBranch);
    const { items: commits } = await run<Listed<{ sha: string }>>('commit.list', { ...at, limit: 1 });
    expect(commits[0]?.sha).toMatch(/^[0-9a-f]{40}$/);
    const { items: files } = await run<Listed<{ path: string; type: string }>>('tree.get', at);
    const file = files.find((one) => one.type === 'file');
    expect(await run('file.get', { ...at, path: file?.path })).toMatchObject({ path: file?.path });

    const issue = await run<{ number: number }>('issue.create', { ...at, title: 'Swap', body: 'One script.' });
    expect(await run('issue.update', { ...at, number: issue.number, state: 'closed' })).toMatchObject({
      state: 'closed',
    });

    const pull = await run<{ number: number; state: string }>('pr.create', {
      ...at,
      title: 'Swap',
      sourceBranch: wanted.sourceBranch,
      targetBranch: repository.defaultBranch,
    });
    expect(pull.state).toBe('open');
    expect(await run('pr.get', { ...at, number: pull.number })).toMatchObject({
      title: 'Swap',
      targetBranch: repository.defaultBranch,
    });
    expect(await run('pr.comment', { ...at, number: pull.number, body: 'Looks the same.' })).toMatchObject({
      body: 'Looks the same.',
    });
    const status = { sha: head?.commitSha, state: 'success', context: 'swap', description: 'The same everywhere.' };
    expect(await run('status.create', { ...at, ...status })).toMatchObject({ state: 'success', context: 'swap' });
    await expect(run('repo.get', { ...at, repo: 'no-such-repository' })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
});
