import { createHmac } from 'node:crypto';
import { createMockGateway, createTestDelivery, webhookConformance } from '@inthub/connector-sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, repository, shaOf, user } from '../_families/gitea/testing/fake-data.ts';
import { createFakeServer } from '../_families/gitea/testing/fake-server.ts';
import { eventsFor } from '../_families/gitea/webhook-events.ts';
import { gitea } from './connector.ts';
import { product } from './product.ts';
import { giteaEvents } from './webhooks.ts';

const deliveryId = 'f6266f16-1bf3-46a5-9ea4-602e06ead473';
const common = { repository: repository(1, 'octo', 'hello').info, sender: user('octo') };
const side = (ref: string) => ({ label: ref, ref, sha: shaOf(ref), repo_id: 1 });
const pull = {
  id: 2001,
  number: 1,
  title: 'Later 日本',
  body: 'Text',
  state: 'closed',
  user: user('octo'),
  labels: [{ id: 11, name: 'bug' }],
  head: side('feature/one'),
  base: side('trunk'),
  merged: false,
  draft: false,
  html_url: 'https://git.example.com/octo/hello/pulls/1',
};
const issue = { ...pull, id: 1002, number: 2, state: 'open', assignees: [user('octo')] };
const comment = { id: 100, body: 'Yes', user: user('octo'), html_url: 'https://x/1#issuecomment-100', created_at: at };
const commit = {
  id: shaOf('two'),
  message: 'Second',
  url: 'https://x',
  author: { name: 'Ünï', email: 'a@b', username: 'uni' },
};

/** Fields as modules/structs/hook.go has them. */
const sample = (event: string, body: Record<string, unknown>, ...events: string[]) => ({
  name: `${event} ${body['action'] ?? ''} ${body['ref'] ?? ''}`,
  body: { ...body, ...common },
  headers: { 'x-gitea-event': event, 'x-gitea-event-type': event, 'x-gitea-delivery': deliveryId },
  deliveryId,
  kind: body['action'] === undefined ? event : `${event}.${body['action']}`,
  events,
});
const push = {
  before: shaOf('one'),
  after: shaOf('two'),
  compare_url: 'https://x',
  commits: [commit],
  total_commits: 3,
};
const samples = [
  sample('pull_request', { action: 'opened', number: 1, pull_request: pull }, 'gitea.pr.opened'),
  sample('pull_request', { action: 'synchronized', number: 1, pull_request: pull }, 'gitea.pr.synchronized'),
  sample('pull_request', { action: 'closed', number: 1, pull_request: pull }, 'gitea.pr.closed'),
  sample('pull_request', { action: 'closed', pull_request: { ...pull, merged: true } }, 'gitea.pr.merged'),
  sample('pull_request', { action: 'label_updated', number: 1, pull_request: pull }, 'gitea.pr.labeled'),
  sample(
    'pull_request_rejected',
    { action: 'reviewed', pull_request: pull, review: { type: 'pull_request_review_rejected', content: 'No.' } },
    'gitea.review.submitted',
  ),
  sample('issues', { action: 'opened', number: 2, issue }, 'gitea.issue.opened'),
  sample('issues', { action: 'label_cleared', number: 2, issue }, 'gitea.issue.unlabeled'),
  sample('issue_comment', { action: 'created', issue, comment, is_pull: false }, 'gitea.comment.created'),
  sample('push', { ref: 'refs/heads/trunk', ...push }, 'gitea.branch.pushed'),
  sample('push', { ref: 'refs/tags/v1', ...push }, 'gitea.tag.pushed'),
  sample('push', { ref: 'refs/heads/trunk', ...push, after: '0'.repeat(40) }),
  sample('create', { sha: shaOf('two'), ref: 'v1', ref_type: 'tag' }, 'gitea.tag.created'),
  sample('delete', { ref: 'feature/one', ref_type: 'branch', pusher_type: 'user' }, 'gitea.branch.deleted'),
  sample(
    'release',
    { action: 'published', release: { id: 1, tag_name: 'v1', name: 'One' } },
    'gitea.release.published',
  ),
  sample('repository', { action: 'deleted' }, 'gitea.repository.deleted'),
  sample('status', { sha: shaOf('two'), state: 'success', context: 'ci', description: 'Good' }, 'gitea.status.changed'),
  sample(
    'workflow_run',
    { action: 'completed', workflow_run: { id: 9, display_title: 'CI', status: 'completed', conclusion: 'success' } },
    'gitea.workflow_run.completed',
  ),
  sample(
    'workflow_job',
    { action: 'in_progress', workflow_job: { id: 8, name: 'test' } },
    'gitea.workflow_job.started',
  ),
  sample('wiki', { action: 'created', page: 'Home' }),
];

webhookConformance({
  connector: gitea,
  definition: giteaEvents,
  sign: (body, secret) => ({ 'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex') }),
  samples,
  unknown: {
    body: { action: 'thing.happened' },
    headers: { 'x-gitea-event': 'from_the_future' },
    kind: 'from_the_future',
  },
});

describe('an event of Gitea', () => {
  const translated = async (event: string, body: object) => {
    const [found] = await giteaEvents.translate(
      createTestDelivery({ body: { ...body, ...common }, headers: { 'x-gitea-event': event } }),
    );
    return found?.data;
  };

  it('tells what happened in the words of the hub', async () => {
    expect(await translated('push', { ref: 'refs/heads/trunk', ...push })).toMatchObject({
      repository: { fullName: 'octo/hello', owner: 'octo', defaultBranch: 'trunk', isPrivate: true },
      sender: 'octo',
      push: { ref: 'refs/heads/trunk', commitCount: 3, commits: [{ message: 'Second', author: 'uni' }] },
    });
    expect(
      await translated('pull_request_approved', {
        action: 'reviewed',
        pull_request: pull,
        review: { content: 'Good' },
      }),
    ).toMatchObject({
      pullRequest: { number: 1, sourceBranch: 'feature/one', labels: ['bug'] },
      review: { state: 'approved', body: 'Good', author: 'octo' },
    });
    expect(await translated('issue_comment', { action: 'edited', issue, comment })).toMatchObject({
      issue: { number: 2, assignees: ['octo'] },
      comment: { id: '100', body: 'Yes' },
    });
  });

  it('never comes of a body by accident, and never fails on one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...samples), fc.object(), async ({ headers, body }, wrong) => {
        const delivery = createTestDelivery({ headers, body: { ...body, ...wrong } });
        for (const { type } of await giteaEvents.translate(delivery)) expect(giteaEvents.events).toContain(type);
      }),
      { numRuns: 50 },
    );
  });

  it('of a form is refused with the way out', () => {
    const delivery = createTestDelivery({ body: 'payload=%7B%7D', headers: { 'x-gitea-event': 'push' } });
    expect(() => giteaEvents.translate(delivery)).toThrow(/content type must be JSON/);
  });
});

describe('a webhook of a repository', () => {
  const config = { endpoint: 'https://git.example.com', authMode: 'token' };
  const request = { url: 'https://hub.example.com/w', secret: 'sixteen characters' };

  it('asks for what the types need, is made with its secret, and is removed, twice too', async () => {
    const { ctx, requests } = createMockGateway({ connector: gitea, respond: createFakeServer(), config });
    const target = 'octo/hello';
    const { registration } = giteaEvents;

    const made = await registration?.register(
      { ...request, target, events: ['gitea.pr.merged', 'gitea.branch.pushed'] },
      ctx,
    );
    for (let times = 0; times < 2; times += 1)
      await registration?.deregister({ externalId: made?.externalId ?? '', target }, ctx);

    const sent = JSON.parse(Buffer.from(requests[0]?.body ?? []).toString()) as { events: string[]; config: object };
    expect(sent).toMatchObject({
      type: 'gitea',
      active: true,
      config: { url: request.url, secret: request.secret, content_type: 'json' },
    });
    expect(sent.events).toEqual(expect.arrayContaining(['pull_request_only', 'push']));
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE']);
  });

  it.each(['', 'octo', 'octo/hello/more', '../..', 'octo/..'])('is not made of the target "%s"', async (target) => {
    const { ctx, requests } = createMockGateway({ connector: gitea, respond: createFakeServer(), config });
    const register = giteaEvents.registration?.register({ ...request, target, events: ['gitea.pr.merged'] }, ctx);

    await expect(register).rejects.toMatchObject({ code: 'invalid_request' });
    expect(requests).toEqual([]);
  });

  it('asks for something for every type there is', () => {
    for (const type of giteaEvents.events) expect(eventsFor(product, [type]), type).not.toEqual([]);
    expect(eventsFor(product, ['gitea.review.submitted'])).toEqual(['pull_request_review']);
    expect(eventsFor(product, ['github.pr.opened'])).toEqual([]);
  });
});
