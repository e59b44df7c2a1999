import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Agent } from './agent.ts';
import { AgentError } from './agent-error.ts';
import type { Change } from './router-product.ts';
import type { ShiftRequest, Shifts } from './shifts.ts';

export interface ServerOptions {
  readonly agent: Agent;
  readonly shifts: Shifts;
  /** What callers present as `Authorization: Bearer …`. */
  readonly token: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

const closed = { additionalProperties: false };
const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\s;{}"\'#\\\\]+$' });
const Address = Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9.:_\\[\\]-]+$' });
const Weight = Type.Integer({ minimum: 0, maximum: 65_535 });
const Port = Type.Union([Type.Integer({ minimum: 1, maximum: 65_535 }), Type.Null()]);
const Revision = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Weights = Type.Record(Name, Weight, { minProperties: 1, maxProperties: 500 });

const WeightsBody = Type.Object({ weights: Weights, revision: Type.Optional(Revision) }, closed);
const BackendBody = Type.Object(
  { name: Type.Optional(Name), address: Address, port: Port, weight: Weight, revision: Type.Optional(Revision) },
  closed,
);
const ShiftBody = Type.Object(
  {
    upstream: Name,
    weights: Weights,
    steps: Type.Array(Type.Integer({ minimum: 0, maximum: 100 }), { minItems: 1, maxItems: 50 }),
    pauseMs: Type.Integer({ minimum: 0, maximum: 3_600_000 }),
  },
  closed,
);
const ContentBody = Type.Object({ content: Type.Optional(Type.String({ maxLength: 1_000_000 })) }, closed);
const RollbackBody = Type.Object({ revision: Type.Optional(Revision) }, closed);

/** The agent's API, version 1; docs/router-agent.md describes it. */
export function createServer({ agent, shifts, token, tls }: ServerOptions): FastifyInstance {
  const https = tls === undefined ? {} : { https: { ...tls, minVersion: 'TLSv1.2' as const } };
  const app = Fastify({
    bodyLimit: 1_100_000,
    requestTimeout: 60_000,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    ...https,
  }) as FastifyInstance;

  app.addHook('onRequest', async (request) => {
    if (!isToken(request.headers.authorization, token))
      throw new AgentError('unauthenticated', "Send the agent's token as Authorization: Bearer <token>.");
  });
  app.setErrorHandler((error: Error & { validation?: unknown; statusCode?: number }, _request, reply) => {
    if (error instanceof AgentError)
      return reply.status(error.status).send({ code: error.code, message: error.message });
    const isBad = error.validation !== undefined || (error.statusCode ?? 500) < 500;
    // A file that cannot be read or a socket that is away: the operator of the router needs the reason.
    const body = { code: isBad ? 'invalid_request' : 'failed', message: error.message.slice(0, 500) };
    return reply.status(isBad ? (error.statusCode ?? 400) : 500).send(body);
  });
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ code: 'not_found', message: 'No such path.' }));

  app.get('/v1/info', () => agent.info());
  app.get('/v1/upstreams', () => agent.upstreams());
  app.post('/v1/upstreams/:upstream/weights', { schema: { body: WeightsBody } }, (request) => {
    const { weights, revision } = request.body as Type.Static<typeof WeightsBody>;
    return change({ kind: 'weights', upstream: upstreamOf(request), weights }, revision);
  });
  app.post('/v1/upstreams/:upstream/backends', { schema: { body: BackendBody } }, (request) => {
    const { revision, ...backend } = request.body as Type.Static<typeof BackendBody>;
    return change({ kind: 'add', upstream: upstreamOf(request), backend }, revision);
  });
  app.delete('/v1/upstreams/:upstream/backends/:backend', (request) => {
    const { backend } = request.params as { backend: string };
    return change({ kind: 'remove', upstream: upstreamOf(request), backend }, undefined);
  });
  app.post('/v1/config/validate', { schema: { body: ContentBody } }, (request) =>
    agent.validate((request.body as Type.Static<typeof ContentBody>).content),
  );
  app.post('/v1/config/reload', () => agent.reload());
  app.post('/v1/config/rollback', { schema: { body: RollbackBody } }, (request) =>
    agent.rollback((request.body as Type.Static<typeof RollbackBody>).revision),
  );
  app.post('/v1/shifts', { schema: { body: ShiftBody } }, async (request, reply) => {
    const wanted = request.body as ShiftRequest;
    if (wanted.steps.at(-1) !== 100 || wanted.steps.some((step, at) => at > 0 && step <= (wanted.steps[at - 1] ?? 0)))
      throw new AgentError('invalid_request', 'steps must rise, and end with 100.');
    return reply.status(202).send(await shifts.start(wanted));
  });
  app.get('/v1/shifts/:id', async (request) => shifts.get((request.params as { id: string }).id));
  app.delete('/v1/shifts/:id', (request) => shifts.abort((request.params as { id: string }).id));
  return app;

  async function change(wanted: Change, revision: string | undefined) {
    const applied = await agent.change(wanted, revision);
    const { upstreams } = await agent.upstreams();
    return { ...applied, upstream: upstreams.find(({ name }) => name === wanted.upstream) };
  }
}

function upstreamOf({ params }: { params: unknown }): string {
  return (params as { upstream: string }).upstream;
}

function isToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}
