import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type LoopbackServer, listenOnLoopback } from '@inthub/testing';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** A request as an operation's stand-in sees it, after it was found to fit the API description. */
export interface HubRequest {
  readonly operation: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** Answers with the body of the operation's success; throw a `problem(…)` for anything else. */
export type Operation = (request: HubRequest) => unknown;

export interface FakeHub {
  readonly url: string;
  readonly token: string;
  /** All requests that fitted, in order. */
  readonly requests: readonly HubRequest[];
  /** What did not fit the API description, in requests and in the stand-ins' own answers. Tests fail on any. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** A problem document to throw from an operation. */
export class FakeProblem extends Error {
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(problem: Readonly<Record<string, unknown>>) {
    super(String(problem['detail']));
    this.problem = problem;
  }
}

export function problem(status: number, code: string, detail: string, more: object = {}): FakeProblem {
  const base = { type: `urn:inthub:error:${code}`, title: code, status, detail, code, requestId: 'request-1' };
  return new FakeProblem({ ...base, retryable: false, blame: 'caller', ...more });
}

/** A raw event stream to return from an operation. */
export interface EventStream {
  readonly events: readonly { readonly type: string }[];
}

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly pathNames: readonly string[];
  readonly parameters: readonly { name: string; in: string; required: boolean; validate: ValidateFunction }[];
  readonly body: ValidateFunction | undefined;
  readonly bodyRequired: boolean;
  readonly status: number;
  readonly answer: ValidateFunction | undefined;
}

/**
 * A stand-in for the hub that knows its API description: a request that does not fit (path, query, header or body) is a fault,
 * and so is one that no operation was given for. It is no hub: what it answers is what the test says.
 */
export async function startFakeHub(operations: Readonly<Record<string, Operation>>): Promise<FakeHub> {
  const token = 'inthub_test_0123456789abcdefghijklmnopqrstuvwxyz';
  const requests: HubRequest[] = [];
  const faults: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      faults.push(String(error));
      response.destroy();
    });
  });
  const { port, stop }: LoopbackServer = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, token, requests, faults, stop };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://hub');
    const what = `${request.method} ${url.pathname}`;
    const route = routes().find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
    if (route === undefined) throw new Error(`${what} is no endpoint of the hub`);
    if (request.headers.authorization !== `Bearer ${token}`) {
      return send(response, 401, problem(401, 'unauthenticated', 'The API key is not valid.').problem);
    }
    const read = await fit(route, request, url);
    requests.push(read);
    const operation = operations[route.operation];
    if (operation === undefined) throw new Error(`${what}: no operation ${route.operation} was given`);
    let body: unknown;
    try {
      body = await operation(read);
    } catch (error) {
      if (!(error instanceof FakeProblem)) throw error;
      return send(response, Number(error.problem['status']), error.problem);
    }
    if (isStream(body)) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      for (const event of body.events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      response.end();
      return;
    }
    if (route.answer !== undefined && !route.answer(body)) {
      throw new Error(`the answer of ${route.operation} does not fit: ${JSON.stringify(route.answer.errors)}`);
    }
    if (route.status === 204) response.writeHead(204).end();
    else send(response, route.status, body);
  }

  async function fit(route: Route, request: IncomingMessage, url: URL): Promise<HubRequest> {
    const values = route.pattern.exec(url.pathname)?.slice(1).map(decodeURIComponent) ?? [];
    const path = Object.fromEntries(route.pathNames.map((name, at) => [name, values[at] ?? '']));
    const query = Object.fromEntries(url.searchParams);
    const given = { path, query, header: request.headers as Record<string, string | undefined> };
    for (const { name, in: place, required, validate } of route.parameters) {
      const value = given[place as keyof typeof given][name];
      if (value === undefined && required) faults.push(`${route.operation}: ${place} ${name} is missing`);
      const holder = { value };
      if (value !== undefined && !validate(holder)) faults.push(`${route.operation}: ${place} ${name} "${value}"`);
    }
    for (const name of url.searchParams.keys()) {
      const known = route.parameters.some((one) => one.in === 'query' && one.name === name);
      if (!known) faults.push(`${route.operation}: unknown query parameter ${name}`);
    }
    const text = await readText(request);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    if (body === undefined && route.bodyRequired) faults.push(`${route.operation}: the body is missing`);
    if (body !== undefined && route.body?.(body) !== true) {
      faults.push(
        `${route.operation}: the body does not fit: ${JSON.stringify(route.body?.errors ?? 'it takes none')}`,
      );
    }
    return { operation: route.operation, path, query, headers: request.headers, body };
  }
}

interface Described {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { required?: boolean };
  responses: Record<string, { content?: object }>;
}

let known: readonly Route[] | undefined;

/** The endpoints of the API description; read once. */
function routes(): readonly Route[] {
  if (known !== undefined) return known;
  const file = new URL('../../../../packages/client/openapi.json', import.meta.url);
  const document = JSON.parse(readFileSync(file, 'utf8')) as { paths: Record<string, Record<string, Described>> };
  const bodies = new Ajv2020({ strict: false, allErrors: true, discriminator: true });
  const texts = new Ajv2020({ strict: false, coerceTypes: true });
  for (const ajv of [bodies, texts]) addFormats.default(ajv);
  bodies.addSchema({ ...document, $id: 'hub' });
  const compile = (...keys: string[]) => bodies.compile({ $ref: `hub#/${keys.map(pointerPart).join('/')}` });
  known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): Route => {
      const [status = '200', success] = Object.entries(described.responses).find(([code]) => /^2/.test(code)) ?? [];
      return {
        operation: described.operationId,
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
        pathNames: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
        parameters: (described.parameters ?? []).map(({ name, in: place, required, schema }) => ({
          name,
          in: place,
          required: required === true,
          validate: texts.compile({ properties: { value: schema } }),
        })),
        body:
          described.requestBody === undefined
            ? undefined
            : compile('paths', path, method, 'requestBody', 'content', 'application/json', 'schema'),
        bodyRequired: described.requestBody?.required === true,
        status: Number(status),
        answer:
          success?.content === undefined || !('application/json' in success.content) || status === '204'
            ? undefined
            : compile('paths', path, method, 'responses', status, 'content', 'application/json', 'schema'),
      };
    }),
  );
  return known;
}

/** RFC 6901 §3 and §6: within a URI fragment. */
function pointerPart(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function isStream(body: unknown): body is EventStream {
  if (typeof body !== 'object' || body === null || !('events' in body) || !Array.isArray(body.events)) return false;
  return body.events.every((event) => typeof event === 'object');
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
