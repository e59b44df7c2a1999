import { expandScopes, HubError, type Principal, Problem, type TenantId } from '@inthub/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from './fastify-types.ts';
import { createHttpServer, type Services } from './http.ts';

const tenantId = '01890000-0000-7000-8000-000000000001' as TenantId;
const admin: Principal = {
  tenantId,
  kind: 'api_key',
  id: 'k',
  name: 'admin',
  scopes: expandScopes(['integrations.admin']),
};
const reader: Principal = { ...admin, id: 'r', name: 'reader', scopes: expandScopes(['integrations.read']) };
const principals: Record<string, Principal> = { 'Bearer admin': admin, 'Bearer reader': reader };

const received: unknown[] = [];
const services = {
  access: {
    authenticate: async (authorization: string | undefined) => {
      const principal = principals[authorization ?? ''];
      if (principal === undefined) throw new HubError('unauthenticated');
      return principal;
    },
  },
  catalog: {
    create: async (_acting: unknown, input: unknown) => {
      received.push(input);
      throw new Error('password=hunter2 at /srv/secret.ts');
    },
    update: async (...args: unknown[]) => {
      received.push(args);
      throw new HubError('version_mismatch', 'Version 3 is stale; the integration is at version 5.', {
        details: { version: 5 },
      });
    },
  },
  // Rooms whose routes look at them when they are made.
  inboundWebhooks: { receiver: {} },
  streams: { close: () => undefined },
  ready: async () => false,
} as unknown as Services;

const isProblem = new Ajv2020({ strict: false, validateFormats: false }).compile(Problem);
let app: App;

beforeAll(async () => {
  // A schema from which no serializer can be made fails here, and not in the answer that needs it first.
  const options = { log: pino({ level: 'silent' }), version: '0.0.0', publicUrl: null, eagerSerializers: true };
  app = await createHttpServer(services, options);
});
afterAll(() => app.close());

const body = { type: 'registry.oci', name: 'local', config: { endpoint: 'http://127.0.0.1:5000', authMode: 'none' } };
const post = (payload: string | object, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: '/api/v1/integrations',
    headers: { authorization: 'Bearer admin', 'content-type': 'application/json', ...headers },
    payload,
  });

function routesOf(document: object): { method: string; url: string; open: boolean }[] {
  const { paths } = document as { paths: Record<string, Record<string, { security?: unknown[] }>> };
  return Object.entries(paths).flatMap(([url, operations]) =>
    Object.entries(operations).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      url: url.replaceAll(/\{[^}]+\}/g, tenantId),
      open: security?.length === 0,
    })),
  );
}

describe('every endpoint', () => {
  it('refuses a caller without a key or with a bad one, with a problem document and nothing else', async () => {
    const routes = routesOf(app.swagger());
    expect(routes.length).toBeGreaterThan(40);
    // Products that call have no key of the hub: their deliveries prove themselves.
    expect(routes.filter(({ open }) => open).map(({ url }) => url)).toEqual([
      `/api/v1/connectors/instances/${tenantId}/auth/callback`,
      `/v1/webhooks/${tenantId}`,
      `/v1/webhooks/${tenantId}/${tenantId}`,
    ]);

    for (const { method, url } of routes.filter(({ open }) => !open)) {
      for (const headers of [{}, { authorization: 'Bearer nobody' }]) {
        const payload = method === 'GET' ? {} : { payload: {} };
        const response = await app.inject({ method: method as 'GET', url, headers: { ...headers }, ...payload });

        expect(response.statusCode, `${method} ${url}`).toBe(401);
        expect(response.headers['www-authenticate']).toBe('Bearer realm="inthub"');
        // The model endpoints answer in the words of OpenAI, which existing programs read.
        if (url.startsWith('/v1/')) expect(response.json()).toMatchObject({ error: { code: 'unauthenticated' } });
        else expect(isProblem(response.json()), `${method} ${url}`).toBe(true);
      }
    }
  });

  it('refuses a caller without the scope before it looks at the request', async () => {
    const response = await post('{ broken', { authorization: 'Bearer reader' });

    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({ code: 'forbidden', details: { requiredScope: 'integrations.admin' } });
  });
});

describe('bad input', () => {
  it.each([
    ['malformed JSON', '{"type":', {}, 400, 'malformed_body'],
    ['an empty body', '', {}, 400, 'malformed_body'],
    ['another content type', '<a/>', { 'content-type': 'application/xml' }, 415, 'unsupported_media_type'],
    ['a body over the limit', `"${'x'.repeat(1024 * 1024)}"`, {}, 413, 'payload_too_large'],
    ['a prototype in the body', '{"__proto__":{"x":1}}', {}, 400, 'malformed_body'],
  ] as const)('answers %s with a problem', async (_name, payload, headers, status, code) => {
    received.length = 0;

    const response = await post(payload, headers);

    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json()).toMatchObject({
      code,
      status,
      instance: '/api/v1/integrations',
      requestId: response.headers['x-request-id'],
    });
    expect(received).toEqual([]);
  });

  it.each([
    ['an unknown field', { ...body, colour: 'red' }, '/colour'],
    ['a missing field', { type: 'registry.oci', config: {} }, '/name'],
    ['a text where a list belongs', { ...body, tags: 'a' }, '/tags'],
    ['a number as a text', { ...body, name: 7 }, '/name'],
    ['a NUL character', { ...body, name: 'a\u0000b' }, '/name'],
    ['a lone surrogate deep inside', { ...body, config: { deep: [{ text: '\ud800' }] } }, '/config/deep/0/text'],
    ['an unknown kind of credential', { ...body, credentials: { kind: 'magic' } }, '/credentials'],
    ['a credential without its secret', { ...body, credentials: { kind: 'bearer_token' } }, '/credentials/token'],
    ['an AuthRef that is none', { ...body, authRef: 'secret' }, '/authRef'],
  ])('names the field for %s', async (_name, payload, path) => {
    received.length = 0;

    const response = await post(payload);

    expect(response.statusCode).toBe(400);
    const problem = response.json<{ code: string; errors: { path: string }[] }>();
    expect(problem.code).toBe('invalid_request');
    expect(problem.errors.map((error) => error.path)).toContain(path);
    expect(received).toEqual([]);
  });

  it('refuses JSON that is nested too deeply', async () => {
    const response = await post({ ...body, config: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) });

    expect(response.json()).toMatchObject({ code: 'invalid_request', errors: [{ rule: 'depth' }] });
  });

  it('never repeats a credential in the problem', async () => {
    const response = await post({
      ...body,
      credentials: { kind: 'bearer_token', token: 'canary-5b1f', extra: 'canary-5b1f' },
    });

    expect(response.statusCode).toBe(400);
    expect(response.body).not.toContain('canary-5b1f');
  });

  it('says which methods an endpoint has', async () => {
    const response = await app.inject({
      method: 'PATCH',
      url: '/api/v1/integrations',
      headers: { authorization: 'Bearer admin' },
    });

    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toContain('POST');
  });

  it('answers an unknown path and a bad id with problems', async () => {
    const unknown = await app.inject({ url: '/nowhere' });
    const badId = await app.inject({ url: '/api/v1/integrations/42', headers: { authorization: 'Bearer admin' } });

    expect(unknown.json()).toMatchObject({ code: 'not_found', status: 404 });
    expect(badId.json()).toMatchObject({ code: 'invalid_request', errors: [{ path: '/params/id' }] });
  });
});

describe('conditional changes', () => {
  const patch = (headers: Record<string, string>) =>
    app.inject({
      method: 'PATCH',
      url: `/api/v1/integrations/${tenantId}`,
      headers: { authorization: 'Bearer admin', ...headers },
      payload: { name: 'x' },
    });

  it('needs If-Match', async () => {
    expect((await patch({})).json()).toMatchObject({ status: 428, code: 'precondition_required' });
    expect((await patch({ 'if-match': 'W/"3"' })).json()).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('passes the version on and answers 412 when it is stale', async () => {
    received.length = 0;

    const response = await patch({ 'if-match': '"3"' });

    expect(response.json()).toMatchObject({ status: 412, code: 'version_mismatch', details: { version: 5 } });
    expect(received[0]).toMatchObject([expect.anything(), tenantId, 3, { name: 'x' }, 'merge']);
  });
});

describe('unexpected failures', () => {
  it('tell the caller the request id and nothing else', async () => {
    const response = await post(body, { 'x-request-id': 'caller-chosen-1' });

    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: 'internal', requestId: 'caller-chosen-1' });
    expect(response.body).not.toMatch(/hunter2|secret\.ts/);
  });

  it('replace a request id that could break a log line', async () => {
    const response = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'a\tb c' } });

    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('probes and reference', () => {
  it('answers without a key', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await app.inject('/readyz')).statusCode).toBe(503);
    expect((await app.inject('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
    expect((await app.inject('/docs/')).body).toContain('<!doctype html>');
  });
});
