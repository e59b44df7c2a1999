/**
 * emulate's Linear, filled as the tests and `npm run try` need it. Its schema is older and smaller than Linear's: fields and arguments
 * that it lacks are taken out of a query on the way.
 */
import { type Counterpart, createLoopbackTransport, type Responder } from '@inthub/connector-sdk/testing';
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
  return {
    name: 'emulate 0.11.2',
    proof: 'emulator',
    respond: fitted(schema, transport),
    config: { endpoint: emulator.url },
    credential: { kind: 'api_key', key: tokens.full },
    inputs: { 'project.list': {} },
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
