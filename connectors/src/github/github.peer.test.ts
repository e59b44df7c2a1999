/** Against emulate's GitHub, which keeps state; what it keeps is read back with GitHub's own client. */
import { sourceControlActionIds } from '@inthub/connector-sdk';
import { createMockGateway, type MockGateway, sourceControlConformance } from '@inthub/connector-sdk/testing';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { github } from './connector.ts';
import { binaryFile, type GitHubCounterpart, readOnlyFile, startCounterpart, token } from './counterpart.ts';

const owner = 'octocat';
const repo = 'hello-world';
let counterpart: GitHubCounterpart;
let octokit: Octokit;
beforeAll(async () => {
  counterpart = await startCounterpart();
  octokit = new Octokit({ auth: token, baseUrl: counterpart.emulator.url });
}, 60_000);
afterAll(async () => counterpart?.stop());

const gateway = (credential = token): MockGateway =>
  createMockGateway({
    connector: github,
    respond: counterpart.respond,
    config: counterpart.config ?? {},
    credential: { kind: 'bearer_token', token: credential },
  });

sourceControlConformance({
  name: 'github against emulate',
  offered: sourceControlActionIds,
  fixtures: () => ({
    owner,
    repo,
    defaultBranch: 'main',
    repositories: ['octocat/hello-world', 'octocat/second', 'octocat/empty'],
    branches: ['main', 'feature/one', 'feature/two'],
    tags: ['v1.0.0', 'v1.1.0'],
    file: readOnlyFile,
    binary: binaryFile,
    files: ['README.md', readOnlyFile.path, binaryFile.path],
    empty: { owner, repo: 'empty' },
    unmerged: ['feature/one', 'feature/two'],
    labels: ['bug'],
    assignee: 'octocat',
    search: { code: { query: 'Guide', path: readOnlyFile.path }, issues: { query: 'first', number: 1 } },
  }),
  run: (action, input) => gateway().run(action, input),
});

describe("emulate's GitHub", () => {
  it('refuses a token that it did not give', async () => {
    await expect(gateway('another').run('repo.list')).rejects.toMatchObject({ code: 'provider_unauthenticated' });
    expect(await gateway('another').testConnection()).toMatchObject({
      success: false,
      message: /refused the credential/,
    });
    expect(await gateway().testConnection()).toMatchObject({ success: true, details: { account: 'octocat' } });
    expect(await gateway().check('github.reachable')).toMatchObject({ status: 'pass' });
    expect(await gateway().check('github.quota')).toMatchObject({ status: 'pass', details: { limit: 5000 } });
  });

  it('keeps what was written, as its own client reads it', async () => {
    const hub = gateway();
    const issue = (await hub.run('issue.create', { owner, repo, title: 'Seen', labels: ['bug'] })) as {
      number: number;
    };
    const at = { owner, repo, number: issue.number };
    const comment = (await hub.run('github.comment.create', { ...at, body: 'first' })) as { id: string };
    await hub.run('github.comment.update', { owner, repo, commentId: comment.id, body: 'grün 日本' });

    const { data } = await octokit.issues.get({ owner, repo, issue_number: issue.number });
    expect(data).toMatchObject({ title: 'Seen', state: 'open', labels: [{ name: 'bug' }] });
    const comments = await octokit.issues.listComments({ owner, repo, issue_number: issue.number });
    expect(comments.data.map(({ id, body }) => [String(id), body])).toEqual([[comment.id, 'grün 日本']]);
    expect(await hub.run('github.comment.list', at)).toMatchObject({
      items: [{ id: comment.id, body: 'grün 日本', author: 'octocat' }],
      nextCursor: null,
    });
  });

  it('keeps check runs with their annotations, and adds to them', async () => {
    const hub = gateway();
    const { data: head } = await octokit.git.getRef({ owner, repo, ref: 'heads/main' });
    const headSha = head.object.sha;
    const annotation = (line: number) => ({
      path: readOnlyFile.path,
      startLine: line,
      endLine: line,
      level: 'warning',
      message: `Line ${line}`,
      title: 'Finding',
    });
    const output = { title: 'Two findings', summary: '**two**', annotations: [annotation(1), annotation(2)] };

    const created = (await hub.run('github.check_run.create', {
      owner,
      repo,
      name: 'scan',
      headSha,
      status: 'in_progress',
      output,
    })) as { id: string };
    const updated = await hub.run('github.check_run.update', {
      owner,
      repo,
      checkRunId: created.id,
      conclusion: 'failure',
      status: 'completed',
      output: { ...output, annotations: [annotation(3)] },
    });

    expect(updated).toMatchObject({ id: created.id, status: 'completed', conclusion: 'failure' });
    const { data } = await octokit.checks.get({ owner, repo, check_run_id: Number(created.id) });
    expect(data).toMatchObject({ name: 'scan', head_sha: headSha, output: { title: 'Two findings' } });
    expect(await hub.run('github.check_run.list', { owner, repo, headSha, name: 'scan' })).toMatchObject({
      items: [{ id: created.id, conclusion: 'failure' }],
    });
  });

  it('comments on a line and follows a review to its verdict', async () => {
    const hub = gateway();
    const open = (await hub.run('pr.list', { owner, repo, state: 'open', sourceBranch: 'feature/two' })) as {
      items: { number: number }[];
    };
    const number = open.items[0]?.number;
    const input = { owner, repo, number, body: 'here', path: 'two.txt', line: 1 };

    await hub.run('pr.comment', input);
    expect(await hub.run('pr.get', { owner, repo, number })).toMatchObject({ reviewStatus: 'pending' });

    const { data } = await octokit.pulls.listReviewComments({ owner, repo, pull_number: number! });
    expect(data).toMatchObject([{ body: 'here', path: 'two.txt', line: 1, side: 'RIGHT' }]);
  });

  it('streams a list in pages', async () => {
    const events = await gateway().stream('repo.list', { limit: 1 });

    expect(events.map(({ type }) => type)).toEqual(['data', 'data', 'data', 'complete']);
    expect(events.at(-1)).toEqual({ type: 'complete', summary: { count: 3 } });
  });
});
