import { createHmac } from 'node:crypto';
import {
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  webhookConformance,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { bitbucket } from './connector.ts';
import { config, respond } from './counterpart.ts';
import { bitbucketEvents } from './webhooks.ts';

manifestConformance(bitbucket);
faultConformance({ connector: bitbucket, config, respond: () => respond, cases: [] });

const actor = { display_name: 'Emma', nickname: 'emmap1', type: 'user' };
const repository = { type: 'repository', full_name: 'acme/app', uuid: '{673a6070}' };
const branch = (hash: string, type = 'branch', name = 'main') => ({ type, name, target: { type: 'commit', hash } });
const headers = (key: string) => ({ 'x-event-key': key, 'x-request-uuid': `id-of-${key}`, 'x-attempt-number': '1' });
const pullrequest = {
  id: 7,
  title: 'Fix',
  state: 'OPEN',
  source: { branch: { name: 'fix' }, commit: { hash: 'd3022fc0ca3d' } },
  destination: { branch: { name: 'main' }, commit: { hash: 'ce5965ddd289' } },
  links: { html: { href: 'https://bitbucket.org/acme/app/pull-requests/7' } },
};

webhookConformance({
  connector: bitbucket,
  definition: bitbucketEvents,
  sign: (body, secret) => ({ 'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
  samples: [
    {
      name: 'a push of several refs',
      body: {
        actor,
        repository,
        push: {
          changes: [
            { new: branch('b'), old: branch('a'), forced: false },
            { new: branch('b', 'branch', 'new'), old: null },
            { new: null, old: branch('b', 'tag', 'v1') },
          ],
        },
      },
      headers: headers('repo:push'),
      events: ['bitbucket.branch.pushed', 'bitbucket.branch.created', 'bitbucket.tag.deleted'],
      deliveryId: 'id-of-repo:push',
      kind: 'repo:push',
    },
    ...(['created:opened', 'fulfilled:merged', 'rejected:closed', 'approved:approved'] as const).map((pair) => {
      const [what = '', past = ''] = pair.split(':');
      return {
        name: `a pull request ${past}`,
        body: { actor, repository, pullrequest },
        headers: headers(`pullrequest:${what}`),
        events: [`bitbucket.pr.${past}`],
      };
    }),
    {
      name: 'a comment',
      body: { actor, repository, issue: { id: 1, title: 'Bug' }, comment: { id: 17, content: { raw: 'Hello' } } },
      headers: headers('issue:comment_created'),
      events: ['bitbucket.comment.created'],
    },
    {
      name: 'a build status',
      body: {
        actor,
        repository,
        commit_status: { key: 'ci', state: 'SUCCESSFUL', name: 'Unit tests', url: 'https://ci.test' },
      },
      headers: headers('repo:commit_status_updated'),
      events: ['bitbucket.status.changed'],
    },
  ],
  unknown: { body: { actor, repository }, headers: headers('project:updated'), kind: 'project:updated' },
});

describe('bitbucket', () => {
  it('discovers the repositories of the workspace, page by page', async () => {
    const gateway = createMockGateway({ connector: bitbucket, config, respond });
    const first = await gateway.discover('repositories', { limit: 2 });
    const second = await gateway.discover('repositories', { limit: 2, cursor: first.nextCursor ?? '' });

    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['acme/a', 'acme/b', 'acme/c']);
    expect(second.nextCursor).toBeNull();
  });

  it('makes and removes a webhook of a repository', async () => {
    const provider = createFakeProvider();
    const path = '/2.0/repositories/acme/app/hooks';
    const events = ['repo:push', 'pullrequest:fulfilled'];
    const url = 'https://hub.example.com/v1/webhooks/1';
    provider.expect({
      method: 'POST',
      path,
      json: { description: 'Integration Hub', url, active: true, secret: 's', events },
      reply: { status: 201, json: { uuid: '{d3c8}', active: true } },
    });
    provider.expect({ method: 'DELETE', path: `${path}/%7Bd3c8%7D`, reply: { status: 404 } });
    const { ctx } = createMockGateway({ connector: bitbucket, config, respond: provider.respond });
    const { registration } = bitbucketEvents;
    const wanted = ['bitbucket.branch.created', 'bitbucket.pr.merged'];

    expect(await registration?.register({ url, secret: 's', events: wanted, target: 'acme/app' }, ctx)).toEqual({
      externalId: '{d3c8}',
    });
    await registration?.deregister({ externalId: '{d3c8}', target: 'acme/app' }, ctx);
    await expect(
      registration?.register({ url, secret: 's', events: wanted, target: 'app' }, ctx),
    ).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
