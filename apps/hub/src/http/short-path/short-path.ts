// Calls and deliveries beside Fastify: what comes in the usual form is most of what a hub does, and Fastify's own work for it costs more than the
// gateway's. Everything else, and everything that is odd about such a request, goes Fastify's way; the answers are the same.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '@inthub/contracts';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyBaseLogger } from 'fastify';
import type { App } from '../fastify-types.ts';
import { callerAbort } from '../gateway-call.ts';
import { findHostileText } from '../hostile-text.ts';
import type { Gate } from '../load-shedding.ts';
import { reportOwnFault, toHubError } from '../problems.ts';
import { send, type WholeAnswer } from '../raw-answer.ts';
import { requestIdOf } from '../request-id.ts';
import type { Services } from '../services.ts';
import { chatRoute } from './chat-route.ts';
import { deliveryRoute } from './delivery-route.ts';
import { executeRoute } from './execute-route.ts';
import { createOutbox } from './outbox.ts';
import { readPlainRequest } from './plain-request.ts';
import { readBody } from './read-body.ts';
import type { Refusing, ShortCall, ShortRoute, TakeRequest } from './short-route.ts';

export interface ShortPathParts {
  /** Null: nobody is refused for the hub's own load. */
  readonly gate: Gate | null;
  /** Compiles schemas of bodies. */
  readonly bodies: Ajv2020;
  readonly log: FastifyBaseLogger;
}

/** @returns what puts the short path before Fastify's own handler; call it when the server is ready. */
export function registerShortPath(app: App, services: Services, parts: ShortPathParts): () => void {
  // Fastify says how requests of the last moment are answered.
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  return () => {
    const take = createShortPath(app, services, parts);
    const handlers = app.server.listeners('request') as Handler[];
    app.server.removeAllListeners('request');
    app.server.on('request', (request, response) => {
      if (!isClosing && take(request, response)) return;
      for (const handle of handlers) handle.call(app.server, request, response);
    });
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function createShortPath(app: App, services: Services, { gate, bodies, log }: ShortPathParts): TakeRequest {
  const routes: readonly ShortRoute[] = [executeRoute(services, bodies), chatRoute(services, bodies)] as ShortRoute[];
  const parse = app.getDefaultJsonParser('error', 'error') as unknown as JsonParser;
  const outbox = createOutbox();
  const takeDelivery = deliveryRoute(services, { gate, answer: answerTo, fail });

  return (request, response) => {
    if (request.method !== 'POST') return false;
    if (takeDelivery(request, response)) return true;
    for (const route of routes) {
      const named = route.match(request);
      if (named !== undefined) return take(route, named, request, response);
    }
    return false;
  };

  function take(route: ShortRoute, named: string, request: IncomingMessage, response: ServerResponse): boolean {
    const plain = readPlainRequest(request);
    if (plain === undefined) return false;
    const principal = services.access.authenticate(plain.authorization);
    if (principal instanceof Promise) {
      // Fastify asks again, and shares the look-up.
      principal.catch(() => undefined);
      return false;
    }
    if (!principal.scopes.has(route.scope) || (gate !== null && !gate.enter(response))) return false;
    readBody(request, plain.length, (body) =>
      run(route, { request, response, principal, named }, body.toString('utf8')),
    );
    return true;
  }

  function run(route: ShortRoute, arrived: Arrived, text: string): void {
    const { request, response } = arrived;
    const requestId = requestIdOf(request);
    const failed = (thrown: Error) => fail(route, arrived, requestId, thrown);
    try {
      const body = readText(route, text);
      const abort = callerAbort(response);
      if (response.destroyed) return;
      const reply = (answer: WholeAnswer) => answerTo(response, requestId, answer);
      route.run({ ...arrived, requestId, body, abort, send: reply }).catch(failed);
    } catch (error) {
      failed(error as Error);
    }
  }

  /** @throws as Fastify does. */
  function readText(route: ShortRoute, text: string): unknown {
    let failure: Error | null = null;
    let body: unknown;
    parse(null, text, (error, value) => {
      failure = error;
      body = value;
    });
    if (failure !== null) throw failure;
    const hostile = findHostileText(body);
    if (hostile !== undefined) throw hostile;
    if (route.check(body)) return body;
    throw Object.assign(new Error('invalid'), { validation: route.check.errors, validationContext: 'body' });
  }

  function fail(
    route: Refusing,
    { request, response }: Pick<Arrived, 'request' | 'response'>,
    requestId: string,
    thrown: Error,
  ): void {
    const known = toHubError(thrown as Parameters<typeof toHubError>[0]);
    reportOwnFault(log.child({ reqId: requestId }), thrown, known);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const reply = route.refusal(known, { request, requestId });
    if (reply.status >= 500) {
      const { method } = request;
      log.warn({ reqId: requestId, route: route.pattern, method, status: reply.status }, 'request');
    }
    answerTo(response, requestId, reply);
  }

  function answerTo(response: ServerResponse, requestId: string, answer: WholeAnswer): void {
    const write = () => {
      try {
        send(response, requestId, answer);
      } catch (error) {
        // A header that Node does not take: nothing else can be said any more, and the others' answers are waiting behind.
        log.error({ err: error, reqId: requestId }, 'answer could not be written');
        response.destroy();
      }
    };
    if (gate !== null && gate.underWay >= crowd) outbox.put(write);
    else write();
  }
}

/** With fewer under way, an answer goes out at once. */
const crowd = 8;

/** Fastify's own, which answers at once. */
type JsonParser = (request: null, text: string, done: (error: Error | null, value: unknown) => void) => void;

type Arrived = Omit<ShortCall, 'requestId' | 'body' | 'abort' | 'send'> & { readonly principal: Principal };
