import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { createTraceBook, type TraceBook, type Tracer } from '../telemetry/telemetry.ts';
import { registerAuthentication } from './authentication.ts';
import type { App } from './fastify-types.ts';
import { findHostileText } from './hostile-text.ts';
import { createGate, type LagMeter, registerLoadShedding } from './load-shedding.ts';
import { registerProblems } from './problems.ts';
import { registerReference } from './reference.ts';
import { requestIdOf } from './request-id.ts';
import { routes } from './routes/routes.ts';
import { registerSchemas } from './schemas.ts';
import { createSerializerFactory } from './serializers.ts';
import type { Services } from './services.ts';
import { registerShortPath } from './short-path/short-path.ts';
import { registerTracing } from './tracing.ts';
import { registerValidation } from './validation.ts';

export { httpStop } from './http-stop.ts';
export { createLagMeter } from './load-shedding.ts';
export type { Services } from './services.ts';

export interface HttpOptions {
  readonly log: FastifyBaseLogger;
  readonly version: string;
  readonly publicUrl: string | null;
  /** Null, the default: requests are not traced, but a caller's own trace is passed on. */
  readonly tracer?: Tracer | null;
  /** Told of the requests under way that are traced. */
  readonly traces?: TraceBook;
  /** Null, the default: requests are never refused for the hub's own load. */
  readonly lag?: LagMeter | null;
  /** Whether serializers are compiled before the first answer needs them; default false. */
  readonly eagerSerializers?: boolean;
}

const bodyLimit = 1024 * 1024;

/** The HTTP API: an instance that is ready to `listen` or `inject`. */
export async function createHttpServer(services: Services, options: HttpOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: options.log,
    // Fastify would log whole URLs; `onResponse` below logs the route's pattern only.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: 330_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    genReqId: requestIdOf,
    schemaController: { compilersFactory: { buildSerializer: createSerializerFactory(options.eagerSerializers) } },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  }) as unknown as App;

  registerSchemas(app);
  const bodies = registerValidation(app);
  registerProblems(app);
  // Hooks run for every request, in this order: with a callback instead of a promise they take no turn of the event loop.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  const gate = options.lag == null ? null : createGate(services.clock, options.lag);
  registerLoadShedding(app, gate);
  registerTracing(app, options.tracer ?? null, options.traces ?? createTraceBook());
  registerAuthentication(app, services.access);
  app.addHook('preValidation', (request, _reply, done) => {
    const { body } = request;
    // Raw bytes (webhooks in) are nobody's JSON yet.
    const isParsed = body !== undefined && body !== null && !(body instanceof Uint8Array);
    done(isParsed ? findHostileText(body) : undefined);
  });
  app.addHook('onResponse', (request, reply, done) => {
    // A line for each refusal of a flood would be a flood of its own.
    const level = reply.statusCode >= 500 && !request.shed ? 'warn' : 'debug';
    // Only the route's pattern: a path can carry a webhook secret.
    const fields = {
      route: request.routeOptions.url ?? 'unknown',
      method: request.method,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log[level](fields, 'request');
    done();
  });
  await registerReference(app, options);
  for (const route of routes) route(app, services);
  const beginShortPath = registerShortPath(app, services, { gate, bodies, log: options.log });
  await app.ready();
  // Who looks closely wants to see each request, as Fastify shows it.
  const isWatched = (options.tracer ?? null) !== null || options.log.level === 'debug' || options.log.level === 'trace';
  if (!isWatched) beginShortPath();
  return app;
}
