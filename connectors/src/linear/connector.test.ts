import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectManagementActionIds } from '@inthub/connector-sdk';
import {
  createManualClock,
  createMockGateway,
  faultConformance,
  manifestConformance,
  projectManagementConformance,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { buildSchema, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { linear } from './connector.ts';
import { type QueryName, queries } from './queries.ts';
import { createFakeLinear, linearFixtures, operationOf } from './testing.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const schemaFile = join(vendorApis, 'linear/schema.graphql');
const isDescribed = existsSync(schemaFile);

/** Executes each operation over the fake's own answer: the schema then tells of every field that is missing, ill-typed or unknown. */
function checked(respond: Responder, schema: GraphQLSchema): Responder {
  return async (request, signal) => {
    const { query, operationName, variables } = operationOf(request);
    expect(validate(schema, parse(query)).map(String), operationName).toEqual([]);
    const reply = await respond(request, signal);
    const { data } = (reply?.json ?? { data: null }) as { data: object | null };
    const result = await execute({ schema, document: parse(query), rootValue: data ?? {}, variableValues: variables });
    if (data === null) return reply;
    expect(result.errors?.map(String) ?? [], operationName).toEqual([]);
    expect(JSON.parse(JSON.stringify(result.data)), operationName).toEqual(data);
    return reply;
  };
}

const gateway = (respond: Responder) => createMockGateway({ connector: linear, respond });
const refusing = (error: object, headers: Record<string, string> = {}, status = 200) =>
  createMockGateway({
    connector: linear,
    respond: () => ({ status, headers, json: { data: null, errors: [error] } }),
    clock: createManualClock(new Date(1_800_000_000_000)),
  });

manifestConformance(linear);

const hub = gateway(createFakeLinear());
projectManagementConformance({
  name: 'linear',
  offered: projectManagementActionIds,
  fixtures: () => linearFixtures,
  run: (action, input) => hub.run(action, input),
});

describe.skipIf(!isDescribed)(
  `against Linear's schema${isDescribed ? '' : ` (absent: ${schemaFile}; set VENDOR_APIS_DIR)`}`,
  () => {
    const schema = isDescribed ? buildSchema(readFileSync(schemaFile, 'utf8')) : undefined;
    const strict = gateway(schema === undefined ? createFakeLinear() : checked(createFakeLinear(), schema));
    projectManagementConformance({
      name: 'linear, every exchange checked',
      offered: projectManagementActionIds,
      fixtures: () => linearFixtures,
      run: (action, input) => strict.run(action, input),
    });

    it.each(Object.keys(queries) as QueryName[])('%s is a query that Linear has', (name) => {
      expect(validate(schema!, parse(queries[name])).map(String)).toEqual([]);
    });

    it('tests the connection, registers and removes webhooks as described', async () => {
      const registration = linear.webhooks?.[0]?.registration;
      const wanted = {
        url: 'https://hub.example/w',
        secret: 'a-secret',
        events: ['linear.issue.created', 'linear.comment.deleted'],
      };

      expect(await strict.testConnection()).toMatchObject({ success: true, details: { workspace: 'Acme' } });
      const webhook = await registration!.register({ ...wanted, target: 'ENG' }, strict.ctx);
      expect(operationOf(strict.requests.at(-1)!).variables).toEqual({
        input: {
          url: wanted.url,
          secret: wanted.secret,
          label: 'Integration Hub',
          resourceTypes: ['Comment', 'Issue'],
          teamId: linearFixtures.projectId,
        },
      });
      await registration!.register(wanted, strict.ctx);
      expect(operationOf(strict.requests.at(-1)!).variables).toMatchObject({ input: { allPublicTeams: true } });
      await registration!.deregister(webhook, strict.ctx);
      await registration!.deregister({ externalId: 'gone-already' }, strict.ctx);
    });

    it('would notice what Linear does not have', async () => {
      expect(validate(schema!, parse('{ issue(id: "x") { estimatePoints } }'))).not.toEqual([]);
      expect(validate(schema!, parse(queries.Issues.replace('IssueFilter', 'TeamFilter')))).not.toEqual([]);
      const withoutState = await execute({
        schema: schema!,
        document: parse('{ viewer { id } }'),
        rootValue: { viewer: {} },
      });
      expect(withoutState.errors).toHaveLength(1);
    });
  },
);

faultConformance({
  connector: linear,
  respond: () => {
    const fake = createFakeLinear();
    let isFirst = true;
    return (request, signal) => {
      if (isFirst) {
        isFirst = false;
        const input = { teamId: linearFixtures.projectId, title: 'first' };
        const body = Buffer.from(JSON.stringify({ operationName: 'CreateIssue', query: '', variables: { input } }));
        fake({ ...request, body }, signal);
      }
      return fake(request, signal);
    };
  },
  cases: [
    { action: 'project.list', input: {} },
    { action: 'project.get', input: { projectId: 'ENG' } },
    { action: 'task.list', input: { projectId: 'ENG' } },
    { action: 'task.get', input: { taskId: 'ENG-101' } },
    { action: 'task.create', input: { projectId: 'ENG', title: 'x', labels: ['bug'] } },
    { action: 'task.update', input: { taskId: 'ENG-101', labels: ['feature'] } },
    { action: 'task.transition', input: { taskId: 'ENG-101', targetStatus: 'Done' } },
    { action: 'comment.list', input: { taskId: 'ENG-101' } },
    { action: 'comment.add', input: { taskId: 'ENG-101', body: 'x' } },
    { action: 'label.list', input: { projectId: 'ENG' } },
    { action: 'label.add', input: { taskId: 'ENG-101', label: 'bug' } },
    { action: 'task.search', input: { query: 'x' } },
  ],
});

describe('linear', () => {
  it.each([
    [
      { message: 'x', extensions: { type: 'authentication error', code: 'AUTHENTICATION_ERROR' } },
      'provider_unauthenticated',
    ],
    [{ message: 'x', extensions: { type: 'forbidden' } }, 'provider_forbidden'],
    [{ message: 'x', extensions: { type: 'feature not accessible' } }, 'provider_forbidden'],
    [{ message: 'x', extensions: { type: 'internal error' } }, 'provider_unavailable'],
    [{ message: 'x', extensions: { type: 'invalid input', code: 'INPUT_ERROR' } }, 'provider_rejected'],
    [{ message: 'Entity not found: Issue', extensions: { type: 'invalid input' } }, 'provider_not_found'],
    [{ message: 'x', extensions: { type: '__proto__', code: 'constructor' } }, 'provider_rejected'],
    [{ message: 'x' }, 'provider_rejected'],
  ])('reads the error %j as %s, with status 200 and with 400', async (error, code) => {
    for (const status of [200, 400])
      await expect(refusing(error, {}, status).run('task.get', { taskId: 'ENG-1' })).rejects.toMatchObject({ code });
  });

  it('says when the window that is used up begins anew', async () => {
    const limited = refusing(
      { message: 'Rate limit exceeded', extensions: { type: 'ratelimited', code: 'RATELIMITED' } },
      {
        'x-ratelimit-requests-remaining': '12',
        'x-ratelimit-requests-reset': '1800000001000',
        'x-ratelimit-complexity-remaining': '0',
        'x-ratelimit-complexity-reset': '1800000042000',
      },
      400,
    );

    await expect(limited.run('project.list')).rejects.toMatchObject({
      code: 'provider_rate_limited',
      retryAfterMs: 42_000,
    });
  });

  it('takes a mutation that Linear did not carry out for refused', async () => {
    const own = gateway((request) => ({
      json:
        operationOf(request).operationName === 'UpdateIssue'
          ? { data: { issueUpdate: { success: false, issue: null } } }
          : { data: null },
    }));

    await expect(own.run('task.update', { taskId: 'ENG-1', title: 'x' })).rejects.toMatchObject({
      code: 'provider_rejected',
    });
  });

  it.each([
    ['task.create', { projectId: 'ENG', title: 'x', type: 'Bug' }, '/type'],
    ['task.create', { projectId: 'ENG', title: 'x', estimatePoints: 2.5 }, '/estimatePoints'],
    ['task.create', { projectId: 'ENG', title: 'x', labels: ['absent'] }, '/labels'],
  ])('%s names the field that Linear cannot take', async (action, input, path) => {
    await expect(hub.run(action, input)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });

  it('sends a personal key as it is and an OAuth token as Bearer', async () => {
    const own = gateway(createFakeLinear());
    await own.testConnection();
    expect(own.requests[0]?.headers['authorization']).toMatch(/^canary-api-key/);
    const oauth = createMockGateway({ connector: linear, respond: createFakeLinear(), config: { authMode: 'oauth' } });
    await oauth.testConnection();
    expect(oauth.requests[0]?.headers['authorization']).toMatch(/^Bearer canary-access-token/);
  });

  it('discovers teams, their issues and labels', async () => {
    expect((await hub.discover('projects')).items.map(({ name }) => name)).toEqual([
      'Team ENG',
      'Team OPS',
      'Team WEB',
    ]);
    expect((await hub.discover('labels', { parent: 'ENG' })).items).toHaveLength(3);
    expect((await hub.discover('tasks', { parent: 'ENG', limit: 1 })).items).toMatchObject([{ type: 'tasks' }]);
    await expect(hub.discover('tasks')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('warns where there is no team to see', async () => {
    const empty = gateway(() => ({
      json: { data: { teams: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } } },
    }));

    expect(await empty.check('linear.teams')).toMatchObject({ status: 'warn' });
  });
});
