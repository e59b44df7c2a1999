import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Principal, Scope } from '@inthub/contracts';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authentication.ts` before any handler of a route that is not public. */
    principal: Principal;
    /** The answer on its way: it knows when the caller goes away. */
    response: ServerResponse;
    /** W3C trace context for what the request causes: of its span, or of the caller where the hub does not trace. */
    traceparent: string | undefined;
    /** W3C trace state of the caller, for the same. */
    tracestate: string | undefined;
    /** Refused because the hub has more to do than it can. */
    shed: boolean;
  }
  interface FastifyContextConfig {
    /** The scope that a caller needs, or `public` for the few routes without a caller, or `any` for "any valid caller". */
    access?: Scope | 'public' | 'any';
    /** No span for this route: it is asked for every few seconds and tells nothing. */
    untraced?: true;
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
