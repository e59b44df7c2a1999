import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { projectManagementActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  projectManagementConformance,
  type Responder,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { jira } from './connector.ts';
import { createFakeJira, jiraFixtures, pointsField } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'jira/swagger-v3.v3.json.gz');
const isDescribed = existsSync(descriptionFile);

type Json = Record<string, unknown>;
interface Parameter {
  in: string;
  schema?: { type?: string; items?: object };
}

/** Jira takes lists in a query separated by commas, which the checker reads as one value. */
function describeJira(): ApiDescription {
  const document = JSON.parse(gunzipSync(readFileSync(descriptionFile)).toString()) as {
    paths: Record<string, Record<string, Json>>;
  };
  for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
    for (const parameter of (operation['parameters'] ?? []) as Parameter[]) {
      if (parameter.in === 'query' && parameter.schema?.type === 'array')
        parameter.schema = parameter.schema.items ?? {};
    }
  }
  return createApiDescription(document);
}

function checked(respond: Responder, described: ApiDescription): Responder {
  return async (request, signal) => {
    const reply = await respond(request, signal);
    expect(described.checkRequest(request), `${request.method} ${request.url}`).toEqual([]);
    const status = reply?.status ?? 200;
    if (status < 300) expect(described.checkReply(request, status, reply?.json), request.url.pathname).toEqual([]);
    return reply;
  };
}

const endpoint = 'https://acme.example';
const cloud = { endpoint, estimateField: pointsField };
const server = {
  endpoint: `${endpoint}/jira`,
  deployment: 'data_center',
  authMode: 'token',
  estimateField: pointsField,
};
const gateway = (respond: Responder, config: Json = cloud) => createMockGateway({ connector: jira, respond, config });
/** Server below a path of its own. */
const belowJira =
  (respond: Responder): Responder =>
  (request, signal) =>
    respond({ ...request, url: new URL(request.url.href.replace('/jira/rest', '/rest')) }, signal);
const bodyOf = (request: SentRequest | undefined) => JSON.parse(Buffer.from(request?.body ?? []).toString()) as Json;

manifestConformance(jira);

const hub = gateway(createFakeJira());
projectManagementConformance({
  name: 'jira cloud',
  offered: projectManagementActionIds,
  fixtures: () => jiraFixtures,
  run: (action, input) => hub.run(action, input),
});

const onServer = gateway(belowJira(createFakeJira()), server);
projectManagementConformance({
  name: 'jira data center',
  offered: projectManagementActionIds,
  fixtures: () => ({ ...jiraFixtures, text: 'h1. Title\n\n*bold* {{code}} grüß 日本' }),
  run: (action, input) => onServer.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against Jira's description${isDescribed ? '' : ` (absent: ${descriptionFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const described = isDescribed ? describeJira() : undefined;
    const strict = gateway(described === undefined ? createFakeJira() : checked(createFakeJira(), described));
    projectManagementConformance({
      name: 'jira cloud, every exchange checked',
      offered: projectManagementActionIds,
      fixtures: () => jiraFixtures,
      run: (action, input) => strict.run(action, input),
    });

    it('asks for the server and the account as described', async () => {
      expect(await strict.testConnection()).toMatchObject({
        success: true,
        details: { user: 'Ada', deploymentType: 'Cloud' },
      });
    });

    it('would notice what Jira does not have', () => {
      const request = {
        method: 'POST',
        headers: {},
        auth: 'none',
        url: new URL(`${endpoint}/rest/api/3/search/jql`),
      } as const;
      const body = (json: object) => ({ ...request, body: Buffer.from(JSON.stringify(json)) });

      expect(described!.checkRequest(body({ jql: 'x', startAt: 0 }))).not.toEqual([]);
      expect(described!.checkRequest({ ...body({}), url: new URL(`${endpoint}/rest/api/3/issues`) })).not.toEqual([]);
      expect(
        described!.checkReply({ ...body({}), method: 'GET', url: new URL(`${endpoint}/rest/api/3/label`) }, 200, {
          values: [1],
        }),
      ).not.toEqual([]);
    });
  },
);

const withOneIssue = (): Responder => {
  const fake = createFakeJira();
  let isFirst = true;
  return (request, signal) => {
    if (isFirst) {
      isFirst = false;
      const body = Buffer.from(JSON.stringify({ fields: { summary: 'first', labels: [] } }));
      fake({ ...request, method: 'POST', url: new URL(`${endpoint}/rest/api/3/issue`), body }, signal);
    }
    return fake(request, signal);
  };
};
const taskId = 'PROJ-101';
faultConformance({
  connector: jira,
  config: cloud,
  respond: withOneIssue,
  cases: [
    { action: 'project.list', input: {} },
    { action: 'project.get', input: { projectId: 'PROJ' } },
    { action: 'task.list', input: { projectId: 'PROJ' } },
    { action: 'task.get', input: { taskId } },
    { action: 'task.create', input: { projectId: 'PROJ', title: 'x' } },
    { action: 'task.update', input: { taskId, title: 'x' } },
    { action: 'task.transition', input: { taskId, targetStatus: 'Done' } },
    { action: 'comment.list', input: { taskId } },
    { action: 'comment.add', input: { taskId, body: 'x' } },
    { action: 'label.list', input: { projectId: 'PROJ' } },
    { action: 'label.add', input: { taskId, label: 'bug' } },
    { action: 'task.search', input: { query: 'project = PROJ' } },
  ],
  // These answer 204, so what the body holds does not matter; and one may be called anything.
  outcome: (fault, { method, url }) => {
    const isSilent = method === 'PUT' || (method === 'POST' && url.pathname.endsWith('/transitions'));
    const isName = url.pathname.endsWith('/myself') && fault === 'strange';
    return (isSilent && ['garbage', 'empty', 'strange'].includes(fault)) || isName ? 'handled' : undefined;
  },
});

describe('jira', () => {
  it('pages with tokens at Cloud', async () => {
    const provider = createFakeProvider();
    const strict = gateway(provider.respond);
    const page = { path: '/rest/api/3/search/jql', method: 'POST' } as const;
    const fields = [
      'summary',
      'description',
      'status',
      'priority',
      'assignee',
      'reporter',
      'labels',
      'created',
      'updated',
      'duedate',
      'project',
      'issuetype',
      'parent',
      'resolution',
      pointsField,
    ];
    provider.expect({
      ...page,
      json: { jql: 'order by key', maxResults: 100, fields },
      reply: { json: { issues: [], nextPageToken: 'abc' } },
    });
    provider.expect({
      ...page,
      json: { jql: 'order by key', maxResults: 100, fields, nextPageToken: 'abc' },
      reply: { json: { issues: [], isLast: true } },
    });

    const { nextCursor } = (await strict.run('task.search', { query: 'order by key', limit: 500 })) as {
      nextCursor: string;
    };
    expect(await strict.run('task.search', { query: 'order by key', limit: 500, cursor: nextCursor })).toMatchObject({
      nextCursor: null,
    });
    await expect(strict.run('task.search', { query: 'x', cursor: 'forged' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('writes ADF at Cloud and text at Data Center', async () => {
    const own = gateway(withOneIssue());
    await own.run('comment.add', { taskId, body: '**hi**' });
    expect(bodyOf(own.requests[0])).toEqual({
      body: {
        type: 'doc',
        version: 1,
        content: [{ type: 'paragraph', content: [{ type: 'text', text: 'hi', marks: [{ type: 'strong' }] }] }],
      },
    });
    const other = gateway(belowJira(withOneIssue()), server);
    await other.run('comment.add', { taskId, body: '*hi*' });
    expect(bodyOf(other.requests[0])).toEqual({ body: '*hi*' });
    expect(other.requests[0]?.url.pathname).toBe('/jira/rest/api/2/issue/PROJ-101/comment');
    expect(other.requests[0]?.headers['authorization']).toMatch(/^Bearer canary-bearer-token/);
  });

  it('names the legal transitions, with where they lead and their ids', async () => {
    await expect(
      gateway(withOneIssue()).run('task.transition', { taskId, targetStatus: 'Closed' }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('"In Progress" (Go to In Progress, id 12), "Done" (Go to Done, id 13)'),
    });
  });

  it('leaves a task alone that is where it shall be', async () => {
    const own = gateway(withOneIssue());

    expect(await own.run('task.transition', { taskId, targetStatus: 'to do' })).toMatchObject({ status: 'To Do' });
    expect(own.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it.each([
    ['task.create', { projectId: 'PROJ', title: 'x', labels: ['ok', 'two words'] }, '/labels/1'],
    ['label.add', { taskId, label: 'two words' }, '/label'],
    ['task.search', { query: 'a = 1) OR (project = SECRET', projectId: 'PROJ' }, '/query'],
  ])('%s names the field that Jira cannot take', async (action, input, path) => {
    await expect(hub.run(action, input)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });

  it('asks for the field of story points before it takes any', async () => {
    const own = gateway(withOneIssue(), { endpoint });

    await expect(own.run('task.create', { projectId: 'PROJ', title: 'x', estimatePoints: 3 })).rejects.toMatchObject({
      errors: [{ path: '/estimatePoints' }],
    });
    expect(await own.run('task.get', { taskId })).toMatchObject({ estimatePoints: null });
  });

  it('uses the names of priorities and the address that are configured', async () => {
    const own = gateway(withOneIssue(), {
      ...cloud,
      priorityNames: { urgent: 'P1' },
      siteUrl: 'https://work.example/',
    });
    const made = await own.run('task.create', { projectId: 'PROJ', title: 'x', priority: 'urgent' });

    expect(bodyOf(own.requests[0])).toMatchObject({
      fields: { priority: { name: 'P1' }, project: { key: 'PROJ' }, issuetype: { name: 'Task' } },
    });
    expect(made).toMatchObject({
      priority: 'urgent',
      url: expect.stringMatching(/^https:\/\/work[.]example\/browse\/PROJ-/),
    });
  });

  it('notices a deployment that is not the configured one', async () => {
    expect(await hub.check('jira.deployment')).toMatchObject({ status: 'pass' });
    const wrong = gateway(createFakeJira(), { endpoint, deployment: 'data_center', authMode: 'token' });
    expect(await wrong.check('jira.deployment')).toMatchObject({ status: 'pass' });
    const cloudAsServer = gateway(() => ({ json: { version: '1001', deploymentType: 'Cloud' } }), {
      endpoint,
      deployment: 'data_center',
    });
    expect(await cloudAsServer.check('jira.deployment')).toMatchObject({
      status: 'fail',
      suggestions: [expect.stringContaining('cloud')],
    });
  });

  it('registers and removes a webhook', async () => {
    const provider = createFakeProvider();
    const own = gateway(provider.respond);
    const { registration } = jira.webhooks![0]!;
    provider.expect({
      method: 'POST',
      path: '/rest/webhooks/1.0/webhook',
      json: {
        name: 'Integration Hub',
        url: 'https://hub.example/w',
        secret: 's',
        events: ['jira:issue_created', 'jira:issue_updated'],
        excludeBody: false,
        filters: { 'issue-related-events-section': 'project = "PROJ"' },
      },
      reply: { status: 201, json: { self: `${endpoint}/rest/webhooks/1.0/webhook/72` } },
    });
    provider.expect({ method: 'DELETE', path: '/rest/webhooks/1.0/webhook/72', reply: { status: 204 } });
    provider.expect({ method: 'DELETE', path: '/rest/webhooks/1.0/webhook/72', reply: { status: 404 } });
    const wanted = {
      url: 'https://hub.example/w',
      secret: 's',
      events: ['jira.issue.created', 'jira.issue.transitioned'],
      target: 'PROJ',
    };

    const made = await registration!.register(wanted, own.ctx);
    expect(made).toEqual({ externalId: '72' });
    await registration!.deregister(made, own.ctx);
    await registration!.deregister(made, own.ctx);
  });
});
