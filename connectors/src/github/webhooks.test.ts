import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createMockGateway, createTestDelivery, webhookConformance } from '@inthub/connector-sdk/testing';
import { sign } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { github } from './connector.ts';
import { eventsFor, eventTypes } from './webhook-events.ts';
import { githubEvents } from './webhooks.ts';

interface Examples {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}
const examplesFolder = dirname(createRequire(import.meta.url).resolve('@octokit/webhooks-examples/package.json'));
const sources = ['api.github.com', 'ghes-35', 'ghes-31'].map((folder) => ({
  folder,
  all: JSON.parse(readFileSync(join(examplesFolder, folder, 'index.json'), 'utf8')) as readonly Examples[],
}));
const [current] = sources;
const example = (event: string, action?: string) => {
  const found = current?.all
    .find(({ name }) => name === event)
    ?.examples.find((payload) => action === undefined || payload['action'] === action);
  if (found === undefined) throw new Error(`no example of ${event} ${action}`);
  return found;
};
const sample = (event: string, action: string | undefined, ...events: string[]) => ({
  name: `${event} ${action ?? ''}`,
  body: example(event, action),
  headers: { 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
  deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  kind: action === undefined ? event : `${event}.${action}`,
  events,
});

webhookConformance({
  connector: github,
  definition: githubEvents,
  sign: (body, secret) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }),
  samples: [
    sample('pull_request', 'opened', 'github.pr.opened'),
    sample('pull_request', 'synchronize', 'github.pr.synchronized'),
    sample('issues', 'opened', 'github.issue.opened'),
    sample('issue_comment', 'created', 'github.comment.created'),
    sample('pull_request_review', 'submitted', 'github.review.submitted'),
    sample('check_run', 'completed', 'github.check_run.completed'),
    sample('check_suite', 'completed', 'github.check_suite.completed'),
    sample('workflow_run', 'completed', 'github.workflow_run.completed'),
    sample('workflow_job', 'in_progress', 'github.workflow_job.started'),
    sample('status', undefined, 'github.status.changed'),
    sample('release', 'published', 'github.release.published'),
    sample('repository', 'renamed', 'github.repository.renamed'),
    sample('installation', 'created', 'github.installation.created'),
    sample('ping', undefined, 'github.webhook.pinged'),
    { ...sample('star', 'created'), events: [] },
  ],
  unknown: {
    body: { action: 'thing.happened' },
    headers: { 'x-github-event': 'from_the_future' },
    kind: 'from_the_future',
  },
});

describe("GitHub's own examples", () => {
  it.each(sources)('of $folder all translate, or are known to say nothing here', async ({ folder, all }) => {
    const silent: string[] = [];
    let translated = 0;
    for (const { name, examples } of all) {
      for (const payload of examples) {
        const delivery = createTestDelivery({ body: payload, headers: { 'x-github-event': name } });
        const events = await githubEvents.translate(delivery);
        for (const { type, data } of events) {
          translated += 1;
          expect(eventTypes).toContain(type);
          const repository = payload['repository'] as { full_name: string } | undefined;
          if (repository !== undefined) expect(data['repository']).toMatchObject({ fullName: repository.full_name });
          expect(Object.values(data), `${type} says what it is about`).not.toContain(undefined);
        }
        if (events.length === 0) silent.push(`${name}.${String(payload['action'] ?? '')}`);
      }
    }
    expect(translated).toBeGreaterThanOrEqual(folder === 'api.github.com' ? 100 : 15);
    const families = ['pull_request', 'issues', 'check_run', 'release', 'push', 'create', 'delete', 'status', 'ping'];
    const unexpected = silent.filter((kind) => families.includes(kind.split('.')[0] ?? ''));
    expect(
      unexpected.filter(
        (kind) => !/\.(?:demilestoned|milestoned|locked|unlocked|pinned|unpinned|auto_merge_\w+)$/.test(kind),
      ),
      'only a deleted ref is silent in these families',
    ).toEqual(unexpected.filter((kind) => kind === 'push.'));
  });

  it('are signed alike by the vendor’s own library', async () => {
    const body = JSON.stringify(example('pull_request', 'opened'));
    const signature = await sign('It is a secret', body);
    const delivery = createTestDelivery({ body, headers: { 'x-hub-signature-256': signature } });

    expect(githubEvents.verify(delivery, ['It is a secret'])).toBe('valid');
  });

  it('have the vector of the documentation', () => {
    // docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload validation".
    const delivery = createTestDelivery({
      body: 'Hello, World!',
      headers: {
        'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      },
    });
    expect(githubEvents.verify(delivery, ["It's a Secret to Everybody"])).toBe('valid');
    const old = createTestDelivery({ body: 'Hello, World!', headers: { 'x-hub-signature': 'sha1=0' } });
    expect(githubEvents.verify(old, ["It's a Secret to Everybody"])).toBe('missing');
  });
});

describe('a delivery', () => {
  const translate = async (event: string, payload: object, headers: Record<string, string> = {}) =>
    githubEvents.translate(createTestDelivery({ body: payload, headers: { 'x-github-event': event, ...headers } }));

  it('of a merged pull request is merged, not closed', async () => {
    const closed = example('pull_request', 'closed');
    const merged = { ...closed, pull_request: { ...(closed['pull_request'] as object), merged: true } };

    expect((await translate('pull_request', merged)).map(({ type }) => type)).toEqual(['github.pr.merged']);
    expect((await translate('pull_request', closed)).map(({ type }) => type)).toEqual(['github.pr.closed']);
  });

  it('as a form is read the same', async () => {
    const payload = example('issues', 'opened');
    const form = createTestDelivery({
      body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
      headers: { 'x-github-event': 'issues', 'content-type': 'application/x-www-form-urlencoded' },
    });

    expect(await githubEvents.translate(form)).toEqual(await translate('issues', payload));
    expect(githubEvents.kind?.(form)).toBe('issues.opened');
  });

  it('with a huge body stays within the size of an event', async () => {
    const issue = { number: 1, title: 'x', body: '💣'.repeat(500_000), user: { login: 'a' }, labels: [] };
    const [event] = await translate('issues', { action: 'opened', issue });

    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(262_144);
    expect(event?.data).toMatchObject({ payload: null, issue: { number: 1 } });
  });
});

describe('registering', () => {
  it('asks for the events that tell of the wanted types, and undoes it, twice without fault', async () => {
    const sent: { method: string; path: string; json: unknown }[] = [];
    let exists = true;
    const { ctx } = createMockGateway({
      connector: github,
      respond: ({ method, url, body }) => {
        sent.push({
          method,
          path: url.pathname,
          json: body === null ? null : JSON.parse(Buffer.from(body).toString()),
        });
        if (method === 'POST') return { status: 201, json: { id: 12, events: ['pull_request'] } };
        const status = exists ? 204 : 404;
        exists = false;
        return { status };
      },
    });
    const registration = githubEvents.registration!;
    const request = { url: 'https://hub.example/w', secret: 's'.repeat(32), target: 'octo/hello' };

    const made = await registration.register(
      { ...request, events: ['github.pr.merged', 'github.branch.created'] },
      ctx,
    );
    await registration.deregister({ ...made, target: 'octo/hello' }, ctx);
    await registration.deregister({ ...made, target: 'octo/hello' }, ctx);

    expect(made).toEqual({ externalId: '12' });
    expect(sent[0]).toEqual({
      method: 'POST',
      path: '/repos/octo/hello/hooks',
      json: {
        name: 'web',
        active: true,
        events: ['create', 'pull_request'],
        config: { url: request.url, content_type: 'json', secret: request.secret, insecure_ssl: '0' },
      },
    });
    expect(sent.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /repos/octo/hello/hooks/12',
      'DELETE /repos/octo/hello/hooks/12',
    ]);
    for (const target of [undefined, 'octo', 'octo/../x', '../octo/x', 'octo/..']) {
      const wrong = { ...request, ...(target === undefined ? {} : { target }), events: ['github.pr.merged'] };
      if (target === undefined) Reflect.deleteProperty(wrong, 'target');
      await expect(registration.register(wrong, ctx)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    await expect(
      registration.register({ ...request, events: ['github.installation.created'] }, ctx),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('knows for every type the events that tell of it', () => {
    const appOnly = eventTypes.filter(
      (type) => type.startsWith('github.installation.') || type === 'github.webhook.pinged',
    );
    for (const type of eventTypes) expect(eventsFor([type]).length, type).toBe(appOnly.includes(type) ? 0 : 1);
  });
});
