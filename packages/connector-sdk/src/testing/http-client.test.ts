import { HubError, providerErrorCode } from '@inthub/contracts';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import type { AuthMethod, HttpRequest } from '../index.ts';
import { canaryCredential } from './credentials.ts';
import type { Reply, SentRequest } from './exchange.ts';
import { createTestHttpClient } from './http-client.ts';
import { createManualClock } from './manual-clock.ts';

const bearer: AuthMethod = {
  mode: 'token',
  kind: 'bearer_token',
  title: 'Token',
  help: 'Make one.',
  apply: { scheme: 'bearer', token: '{token}' },
};

function setUp(reply: Reply = { json: {} }, more: { endpoint?: string; auth?: AuthMethod; signal?: AbortSignal } = {}) {
  const requests: SentRequest[] = [];
  const faults: string[] = [];
  const http = createTestHttpClient({
    endpoint: 'https://p.test/root/',
    hosts: ['auth.p.test', '*.cdn.test'],
    auth: bearer,
    credential: canaryCredential('bearer_token'),
    clock: createManualClock(),
    signal: new AbortController().signal,
    respond: () => reply,
    onRequest: (request) => requests.push(request),
    onFault: (message) => faults.push(message),
    ...more,
  });
  const send = async (spec: Partial<HttpRequest>) => {
    await http.request({ method: 'GET', path: '/a', ...spec });
    return requests.at(-1)!;
  };
  return { http, requests, faults, send };
}

describe('the HttpClient of tests', () => {
  it.each([
    ['/a/b', {}, 'https://p.test/root/a/b'],
    ['a', {}, 'https://p.test/root/a'],
    ['/a%252Fb', {}, 'https://p.test/root/a%252Fb'],
    [
      '/a?x=1',
      { n: 2, all: [1, 'b'], no: undefined, nil: null, yes: true },
      'https://p.test/root/a?x=1&n=2&all=1&all=b&yes=true',
    ],
    ['https://p.test/other', {}, 'https://p.test/other'],
    ['https://auth.p.test/token', {}, 'https://auth.p.test/token'],
    ['https://x.cdn.test/', {}, 'https://x.cdn.test/'],
  ])('sends %s %j to %s', async (path, query, expected) => {
    expect((await setUp().send({ path, query })).url.href).toBe(expected);
  });

  it.each([
    'https://evil.test/',
    'http://auth.p.test/',
    'https://auth.p.test:444/',
    'http://p.test/root',
    'https://cdn.test/',
    'file:///etc/passwd',
  ])('refuses %s, and no catch in the connector can hide it', async (path) => {
    const { http, faults, requests } = setUp();

    await expect(http.get(path)).rejects.toMatchObject({ code: 'egress_denied' });
    expect(faults).toHaveLength(1);
    expect(requests).toEqual([]);
  });

  it('writes headers, bodies and the credential as egress does', async () => {
    const { send, faults } = setUp();

    expect((await send({ json: { a: 1 } })).headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      authorization: 'Bearer canary-bearer-token-7f3a9c51e0',
    });
    const form = await send({
      method: 'POST',
      form: { a: 'b c' },
      auth: 'none',
      accept: 'text/plain',
      headers: { 'X-Own': '1' },
    });
    expect(form.headers).toEqual({
      accept: 'text/plain',
      'x-own': '1',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Buffer.from(form.body!).toString()).toBe('a=b+c');
    expect(Buffer.from((await send({ body: 'raw' })).body!).toString()).toBe('raw');
    expect(faults).toEqual([]);
    await send({ json: {}, body: 'x' });
    expect(faults).toHaveLength(1);
  });

  it.each([401, 403, 404, 409, 422, 429, 500, 503])(
    'turns %i into the code of the table, unless it is expected',
    async (status) => {
      const { http } = setUp({ status });

      await expect(http.get('/a')).rejects.toMatchObject({ code: providerErrorCode(status), details: { status } });
      expect((await http.get('/a', { expect: [status] })).status).toBe(status);
    },
  );

  it.each([
    ['7', 7000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('reads Retry-After %s', async (value, expected) => {
    const error = await setUp({ status: 429, headers: { 'Retry-After': value } })
      .http.get('/a')
      .catch((thrown: HubError) => thrown);

    expect((error as HubError).retryAfterMs).toBe(expected);
  });

  it('bounds and checks bodies', async () => {
    const { http } = setUp({ text: 'x'.repeat(11) });
    await expect((await http.get('/a', { maxBytes: 10 })).bytes()).rejects.toMatchObject({
      code: 'provider_response_too_large',
    });
    await expect((await http.get('/a')).json()).rejects.toMatchObject({ code: 'provider_bad_response' });

    const typed = await setUp({ json: { n: 'one' } }).http.get('/a');
    expect(await typed.json()).toEqual({ n: 'one' });
    await expect(typed.json(Type.Object({ n: Type.Integer() }))).rejects.toMatchObject({
      code: 'provider_bad_response',
      details: { path: '/n' },
    });
    await expect((await setUp({ bytes: Buffer.from([0xff]) }).http.get('/a')).text()).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
    expect((await (await setUp({ text: 'body' }).http.head('/a')).bytes()).length).toBe(0);
  });

  it('stops when the signal is aborted, before and during a request', async () => {
    const controller = new AbortController();
    const { http, requests } = setUp({ fault: 'hang' }, { signal: controller.signal });
    const waiting = http.get('/a');
    controller.abort(new HubError('deadline_exceeded'));

    await expect(waiting).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(http.get('/a')).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(requests).toHaveLength(1);
  });
});
