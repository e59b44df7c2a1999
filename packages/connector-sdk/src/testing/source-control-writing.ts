/** The part of the source-control suite that writes. */
import { expect, it } from 'vitest';
import type { Comment, CommitStatus, Issue, MergeResult, PullRequest, PullRequestDetail } from '../index.ts';
import { allItems, rejects, type Suite } from './source-control-suite.ts';

/** Text that every product must keep as it is. */
const hostile = 'Grüße 日本 👩‍👩‍👧 <b>no tag</b> & "quotes" \'single\' \\ %s {{x}}\n\n- [ ] task `code`';

export const repositoryWriting: Suite = (run, of, has) => {
  if (has('status.create', 'commit.list')) {
    it('status.create marks a commit, in every state', async () => {
      const { owner, repo, defaultBranch } = of();
      const { items } = await run<{ items: { sha: string }[] }>('commit.list', { owner, repo, ref: defaultBranch });
      const sha = items[0]?.sha;

      for (const state of ['pending', 'success', 'failure', 'error'] as const) {
        const status = await run<CommitStatus>('status.create', {
          owner,
          repo,
          sha,
          state,
          context: 'conformance/ünïcode',
          description: `It is ${state}. ${'long '.repeat(60)}`,
          targetUrl: 'https://example.com/report?a=1&b=2',
        });
        expect(status).toMatchObject({ sha, context: 'conformance/ünïcode' });
        // GitLab has no `error`; what it says then is `failure`.
        expect(status.state).toMatch(state === 'error' ? /^(?:error|failure)$/ : state);
      }
    });

    it('status.create says that a commit does not exist', async () => {
      const { owner, repo } = of();
      const input = { owner, repo, sha: '0'.repeat(40), state: 'success', context: 'x' };
      await rejects(run('status.create', input), /^provider_(?:not_found|rejected)$/);
    });
  }

  if (has('webhook.register', 'webhook.remove')) {
    it('webhook.register makes a webhook that webhook.remove removes once', async () => {
      const { owner, repo } = of();
      const { externalId, events } = await run<{ externalId: string; events: string[] }>('webhook.register', {
        owner,
        repo,
        url: 'https://hub.example.com/v1/webhooks/conformance/x',
        secret: 'conformance-secret-0123456789',
        topics: ['push', 'pull_request'],
      });

      expect(events.length).toBeGreaterThan(0);
      expect(await run('webhook.remove', { owner, repo, externalId })).toEqual({ removed: true });
      expect(await run('webhook.remove', { owner, repo, externalId })).toEqual({ removed: false });
    });
  }
};

export const issueWriting: Suite = (run, of, has) => {
  if (!has('issue.create', 'issue.update', 'issue.list')) return;

  it('issue.create, issue.update and issue.list tell the same story', async () => {
    const { owner, repo, labels = [], assignee } = of();
    const created = await run<Issue>('issue.create', {
      owner,
      repo,
      title: 'Conformance "quotes" 日本',
      body: hostile,
      ...(labels.length === 0 ? {} : { labels }),
      ...(assignee === undefined ? {} : { assignees: [assignee] }),
    });
    expect(created).toMatchObject({ title: 'Conformance "quotes" 日本', body: hostile, state: 'open' });
    expect([...created.labels].sort()).toEqual([...labels].sort());
    if (assignee !== undefined) expect(created.assignees).toEqual([assignee]);

    const { number } = created;
    const renamed = await run<Issue>('issue.update', { owner, repo, number, title: 'Renamed' });
    expect(renamed, 'what is not given stays').toMatchObject({
      number,
      title: 'Renamed',
      body: hostile,
      state: 'open',
      labels: created.labels,
      assignees: created.assignees,
    });

    expect(await run('issue.update', { owner, repo, number, state: 'closed' })).toMatchObject({ state: 'closed' });
    const numbers = async (state: string) =>
      (await allItems<Issue>(run, 'issue.list', { owner, repo, state }, 100)).map((issue) => issue.number);
    expect(await numbers('closed')).toContain(number);
    expect(await numbers('open')).not.toContain(number);
    expect(await numbers('all')).toContain(number);
    expect(await run('issue.update', { owner, repo, number, state: 'open', labels: [] })).toMatchObject({
      state: 'open',
      labels: [],
    });
  });

  it('issue.list gives pages that end and never repeat, and no pull requests', async () => {
    const { owner, repo } = of();
    for (const title of ['one', 'two', 'three']) await run('issue.create', { owner, repo, title });

    const small = await allItems<Issue>(run, 'issue.list', { owner, repo, state: 'all' }, 2);
    const large = await allItems<Issue>(run, 'issue.list', { owner, repo, state: 'all' }, 500);

    expect(small.map(({ number }) => number)).toEqual(large.map(({ number }) => number));
    expect(large.filter(({ url }) => /\/(?:pull|pulls|merge_requests)\//.test(url))).toEqual([]);
  });

  it('issue.update says that an issue does not exist, and wants something to change', async () => {
    const { owner, repo, missing } = of();
    const number = missing?.number ?? 999_999;
    await rejects(run('issue.update', { owner, repo, number, title: 'x' }), 'provider_not_found');
    await rejects(run('issue.update', { owner, repo, number: 1 }), 'invalid_request');
    await rejects(run('issue.update', { owner, repo, number: 0, title: 'x' }), 'invalid_request');
  });
};

export const pullRequestWriting: Suite = (run, of, has) => {
  if (!has('pr.create', 'pr.get', 'pr.list')) return;
  const open = async (branch: string) => {
    const { owner, repo, defaultBranch } = of();
    return run<PullRequest>('pr.create', {
      owner,
      repo,
      title: `Merge ${branch} 日本`,
      body: hostile,
      sourceBranch: branch,
      targetBranch: defaultBranch,
    });
  };

  it('a pull request is created, listed, commented, reviewed and merged once', async () => {
    const { owner, repo, defaultBranch, unmerged, canApproveOwn = false } = of();
    if (unmerged === undefined) return;
    const [branch] = unmerged;
    const created = await open(branch);
    const { number } = created;
    expect(created).toMatchObject({
      title: `Merge ${branch} 日本`,
      body: hostile,
      state: 'open',
      sourceBranch: branch,
      targetBranch: defaultBranch,
      mergedAt: null,
    });

    const numbers = async (state: string) =>
      (await allItems<PullRequest>(run, 'pr.list', { owner, repo, state }, 1)).map((found) => found.number);
    expect(await numbers('open')).toContain(number);
    expect(await numbers('merged')).not.toContain(number);
    const detail = await run<PullRequestDetail>('pr.get', { owner, repo, number });
    expect(detail).toMatchObject({ number, state: 'open', sourceBranch: branch, headSha: created.headSha });

    if (has('pr.comment')) {
      const comment = await run<Comment>('pr.comment', { owner, repo, number, body: hostile });
      expect(comment.body).toBe(hostile);
    }
    if (has('pr.review')) {
      const verdict = canApproveOwn ? 'approve' : 'comment';
      expect(await run('pr.review', { owner, repo, number, verdict, body: 'Looks right.' })).toMatchObject({ verdict });
      await rejects(run('pr.review', { owner, repo, number, verdict: 'request_changes' }), 'invalid_request');
    }
    if (!has('pr.merge')) return;

    await rejects(
      run('pr.merge', { owner, repo, number, expectedHeadSha: 'f'.repeat(40) }),
      /^provider_(?:conflict|rejected)$/,
      'another commit is newest',
    );
    const merged = await run<MergeResult>('pr.merge', {
      owner,
      repo,
      number,
      ...(detail.headSha === '' ? {} : { expectedHeadSha: detail.headSha }),
    });
    expect(merged.merged).toBe(true);
    const after = await run<PullRequestDetail>('pr.get', { owner, repo, number });
    expect(after.state).toBe('merged');
    expect(after.mergedAt).not.toBeNull();
    expect(await numbers('merged')).toContain(number);
    expect(await numbers('open')).not.toContain(number);
    expect(await numbers('closed'), 'closed means without merging').not.toContain(number);
    await rejects(run('pr.merge', { owner, repo, number }), /^provider_(?:conflict|rejected)$/, 'merged already');
  });

  it('pr.create refuses a second one of the same branches, and a branch that does not exist', async () => {
    const { unmerged } = of();
    if (unmerged === undefined) return;
    await open(unmerged[1]);

    await rejects(open(unmerged[1]), /^provider_(?:conflict|rejected)$/);
    await rejects(open('no-such-branch'), /^provider_(?:rejected|not_found)$/);
  });

  it('pr.get says that a pull request does not exist', async () => {
    const { owner, repo, missing } = of();
    await rejects(run('pr.get', { owner, repo, number: missing?.number ?? 999_999 }), 'provider_not_found');
  });
};
