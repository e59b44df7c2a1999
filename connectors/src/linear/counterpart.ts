/**
 * emulate's Linear, filled as the tests and `npm run try` need it. Its schema is older and smaller than Linear's: fields and arguments
 * that it lacks are taken out of a query on the way.
 */
import {
  type Counterpart,
  createLoopbackTransport,
  createMockGateway,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { findFreePort } from '@inthub/testing';
import { createEmulator } from 'emulate';
import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  parse,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { linear } from './connector.ts';
import { operationOf } from './testing.ts';

export const tokens = { full: 'lin_api_full_canary_7f3a9c51e0', readOnly: 'lin_api_read_canary_7f3a9c51e0' };

export async function startCounterpart(): Promise<Counterpart> {
  const emulator = await createEmulator({
    service: 'linear',
    port: await findFreePort(),
    seed: {
      linear: {
        strict_scopes: true,
        tokens: [
          { token: tokens.full, scopes: ['read', 'write', 'issues:create', 'comments:create', 'admin'] },
          { token: tokens.readOnly, scopes: ['read'] },
        ],
      },
    },
  });
  const transport = createLoopbackTransport();
  const schema = await readSchema(emulator.url, transport);
  const at = {
    respond: fitted(schema, transport),
    config: { endpoint: emulator.url },
    credential: { kind: 'api_key', key: tokens.full } as const,
  };
  const gateway = createMockGateway({ connector: linear, ...at });
  const { items } = (await gateway.run('project.list')) as { items: { id: string }[] };
  const projectId = items[0]?.id ?? '';
  const { id: taskId } = (await gateway.run('task.create', { projectId, title: 'First' })) as { id: string };
  return {
    name: 'emulate 0.11.2',
    proof: 'emulator',
    ...at,
    // No task.list, task.search, label.list and label.add: the emulator has not the filters that they ask with.
    inputs: {
      'project.list': {},
      'project.get': { projectId },
      'task.get': { taskId },
      'task.create': { projectId, title: 'Second', description: '**Markdown**', priority: 'urgent' },
      'task.update': { taskId, title: 'Changed' },
      'task.transition': { taskId, targetStatus: 'In Progress' },
      'comment.list': { taskId },
      'comment.add': { taskId, body: 'A *comment*' },
    },
    stop: async () => emulator.close(),
  };
}

async function readSchema(url: string, transport: Responder): Promise<GraphQLSchema> {
  const reply = await transport(
    {
      method: 'POST',
      url: new URL(`${url}/graphql`),
      headers: { 'content-type': 'application/json', authorization: tokens.full },
      body: Buffer.from(JSON.stringify({ query: getIntrospectionQuery() })),
      auth: 'none',
    },
    new AbortController().signal,
  );
  const { data } = JSON.parse(Buffer.from(reply?.bytes ?? []).toString()) as {
    data: Parameters<typeof buildClientSchema>[0];
  };
  return buildClientSchema(data);
}

function fitted(schema: GraphQLSchema, transport: Responder): Responder {
  return (request, signal) => {
    const { query, ...rest } = operationOf(request);
    const typeInfo = new TypeInfo(schema);
    const document = visit(
      parse(query),
      visitWithTypeInfo(typeInfo, {
        Field: () => (typeInfo.getFieldDef() ? undefined : null),
        Argument: () => (typeInfo.getArgument() ? undefined : null),
      }),
    );
    return transport({ ...request, body: Buffer.from(JSON.stringify({ query: print(document), ...rest })) }, signal);
  };
}
