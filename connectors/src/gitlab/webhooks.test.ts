import { createMockGateway, createTestDelivery, webhookConformance } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { gitlab } from './connector.ts';
import { createFakeGitLab } from './counterpart.ts';
import { gitlabEvents } from './webhooks.ts';

/** Payloads as docs.gitlab.com/user/project/integrations/webhook_events shows them, shortened. */
const user = { id: 1, name: 'Administrator', username: 'root' };
const project = {
  id: 15,
  name: 'Diaspora',
  web_url: 'https://gitlab.example.com/mike/sub/diaspora',
  visibility_level: 0,
  path_with_namespace: 'mike/sub/diaspora',
  default_branch: 'main',
};
const old = '95790bf891e76fee5e1747ab589903a6a1f80f22';
const sha = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
const none = '0'.repeat(40);
const push = (object_kind: string, ref: string, before: string, after: string) => ({
  object_kind,
  event_name: object_kind,
  before,
  after,
  ref,
  user_username: 'jsmith',
  project,
  commits: [{ id: sha, message: 'fixed', author: { name: 'Ada' }, url: 'https://gitlab.example.com/c' }],
  total_commits_count: 4,
});
const mergeRequest = (action: string, more: object = {}) => ({
  object_kind: 'merge_request',
  event_type: 'merge_request',
  user,
  project,
  object_attributes: {
    id: 93,
    iid: 16,
    title: 'MS-Viewport',
    description: '',
    state: action === 'merge' ? 'merged' : 'opened',
    source_branch: 'ms-viewport',
    target_branch: 'main',
    last_commit: { id: sha },
    url: 'https://gitlab.example.com/mike/sub/diaspora/merge_requests/16',
    draft: false,
    action,
    ...more,
  },
  labels: [{ id: 206, title: 'API' }],
});
const issue = {
  id: 301,
  iid: 23,
  title: 'New API',
  description: 'x',
  state: 'opened',
  url: 'https://gitlab.example.com/i',
};
const note = (action?: string) => ({
  object_kind: 'note',
  user,
  project,
  object_attributes: {
    id: 1244,
    note: 'This MR needs work.',
    noteable_type: 'MergeRequest',
    url: 'https://gitlab.example.com/n',
    ...(action === undefined ? {} : { action }),
  },
  merge_request: { id: 7, iid: 1, title: 't', state: 'opened', source_branch: 'a', target_branch: 'b' },
});
const pipeline = (status: string) => ({
  object_kind: 'pipeline',
  object_attributes: { id: 31, iid: 3, ref: 'main', sha, status, source: 'push' },
  user,
  project,
  builds: [],
});
const job = (build_status: string) => ({
  object_kind: 'build',
  ref: 'main',
  sha,
  build_id: 1977,
  build_name: 'test',
  build_stage: 'test',
  build_status,
  pipeline_id: 2366,
  user,
  project,
});
const release = {
  id: 1,
  object_kind: 'release',
  name: 'v1.1',
  tag: 'v1.1',
  description: 'x',
  action: 'create',
  project,
};

const sample = (name: string, event: string, body: object, ...events: string[]) => ({
  name,
  body,
  headers: {
    'x-gitlab-event': event,
    'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e',
    'idempotency-key': `f5e5f430-f57b-4e6e-9fac-d9128cd7232f`,
  },
  events,
  deliveryId: 'f5e5f430-f57b-4e6e-9fac-d9128cd7232f',
});

webhookConformance({
  connector: gitlab,
  definition: gitlabEvents,
  sign: (_body, secret) => ({ 'x-gitlab-token': secret }),
  samples: [
    sample('a push', 'Push Hook', push('push', 'refs/heads/main', old, sha), 'gitlab.branch.pushed'),
    sample(
      'a new branch',
      'Push Hook',
      push('push', 'refs/heads/new', none, sha),
      'gitlab.branch.created',
      'gitlab.branch.pushed',
    ),
    sample('the end of a branch', 'Push Hook', push('push', 'refs/heads/new', old, none), 'gitlab.branch.deleted'),
    sample(
      'a tag',
      'Tag Push Hook',
      push('tag_push', 'refs/tags/v1', none, sha),
      'gitlab.tag.created',
      'gitlab.tag.pushed',
    ),
    sample('a merge request', 'Merge Request Hook', mergeRequest('open'), 'gitlab.pr.opened'),
    sample('a changed title', 'Merge Request Hook', mergeRequest('update'), 'gitlab.pr.updated'),
    sample('new commits', 'Merge Request Hook', mergeRequest('update', { oldrev: old }), 'gitlab.pr.synchronized'),
    sample('a merge', 'Merge Request Hook', mergeRequest('merge'), 'gitlab.pr.merged'),
    sample('one approval', 'Merge Request Hook', mergeRequest('approval'), 'gitlab.pr.approval_added'),
    {
      ...sample(
        'an issue',
        'Confidential Issue Hook',
        { object_kind: 'issue', user, project, object_attributes: { ...issue, action: 'close' } },
        'gitlab.issue.closed',
      ),
      kind: 'confidential_issue_hook.close',
    },
    sample('a comment of an old server', 'Note Hook', note(), 'gitlab.comment.created'),
    sample('a changed comment', 'Note Hook', note('update'), 'gitlab.comment.edited'),
    sample('a pipeline', 'Pipeline Hook', pipeline('success'), 'gitlab.pipeline.succeeded'),
    sample('a pipeline that waits for a resource', 'Pipeline Hook', pipeline('waiting_for_resource')),
    sample('a job', 'Job Hook', job('failed'), 'gitlab.job.failed'),
    sample('a release', 'Release Hook', release, 'gitlab.release.created'),
  ],
  unknown: { body: { object_kind: 'wiki_page', project }, headers: { 'x-gitlab-event': 'Wiki Page Hook' } },
});

describe('what subscribers get', () => {
  const dataOf = async (body: object) => (await gitlabEvents.translate(createTestDelivery({ body })))[0]?.data;

  it('is in the words of the category', async () => {
    expect(await dataOf(mergeRequest('merge'))).toMatchObject({
      repository: { owner: 'mike/sub', name: 'diaspora', fullName: 'mike/sub/diaspora', isPrivate: true },
      sender: 'root',
      pullRequest: { number: 16, isMerged: true, headSha: sha, sourceBranch: 'ms-viewport' },
      labels: ['API'],
    });
    expect(await dataOf(push('push', 'refs/heads/main', old, sha))).toMatchObject({
      sender: 'jsmith',
      push: { ref: 'refs/heads/main', commitCount: 4, commits: [{ sha, author: 'Ada' }] },
    });
    expect(await dataOf(note())).toMatchObject({ comment: { id: '1244' }, pullRequest: { number: 1 }, issue: null });
    expect(await dataOf(job('failed'))).toMatchObject({ job: { id: '1977', runId: '2366', name: 'test' } });
  });

  it('keeps its delivery id without the newer header', () => {
    const delivery = createTestDelivery({ headers: { 'x-gitlab-event-uuid': 'a-1' } });

    expect(gitlabEvents.deliveryId?.(delivery)).toBe('a-1');
  });
});

describe('registration', () => {
  const gateway = createMockGateway({ connector: gitlab, respond: createFakeGitLab() });
  const request = { url: 'https://hub.example/in/x', secret: 'conformance-secret-01', target: 'acme/tools/app' };

  it('asks for what is wanted and nothing else, and ends it, twice if need be', async () => {
    const events = ['gitlab.pr.merged', 'gitlab.branch.pushed'];
    const made = await gitlabEvents.registration!.register({ ...request, events }, gateway.ctx);

    expect(JSON.parse(Buffer.from(gateway.requests.at(-1)?.body ?? []).toString())).toEqual({
      url: request.url,
      token: request.secret,
      enable_ssl_verification: true,
      push_events: true,
      tag_push_events: false,
      merge_requests_events: true,
      issues_events: false,
      confidential_issues_events: false,
      note_events: false,
      confidential_note_events: false,
      pipeline_events: false,
      job_events: false,
      releases_events: false,
    });
    for (let time = 0; time < 2; time += 1)
      await gitlabEvents.registration!.deregister({ ...made, target: request.target }, gateway.ctx);
  });

  it.each(['', 'app', '../app', 'acme/..', 'a b/c', 'a//b', 'acme/tools%2Fapp'])(
    'refuses the target %j',
    async (target) => {
      const wanted = { ...request, target, events: ['gitlab.pr.merged'] };

      await expect(gitlabEvents.registration!.register(wanted, gateway.ctx)).rejects.toMatchObject({
        code: 'invalid_request',
      });
    },
  );

  it('refuses events that no project tells', async () => {
    await expect(
      gitlabEvents.registration!.register({ ...request, events: ['gitlab.star.added'] }, gateway.ctx),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
