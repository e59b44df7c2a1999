import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOverrides, createTestEgress, failure, type TestEgress } from '../testing.ts';

let server: FaultServer;
let test: TestEgress;
beforeEach(async () => {
  server = await startFaultServer();
  test = createTestEgress();
});
afterEach(async () => {
  await test.egress.close();
  await server.stop();
});

const scheme = { scheme: 'secret-url', url: '{key}' } as const;
const secretPath = '/workflows/canary-path-1f2e3d4c/paths/invoke';
const signature = 'canary-sig%2F9a8b7c6d5e';
const query = `api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sig=${signature}`;
const at = (origin: string) => `${origin}${secretPath}?${query}`;
const client = (key: string, overrides: ClientOverrides = {}, endpoint = server.url) =>
  test.client(endpoint, { scheme, material: { kind: 'api_key', key }, ...overrides });
/** Everything that an error or a listener is told. */
const told = (error?: unknown) =>
  JSON.stringify([error, error instanceof Error ? [error.message, error.cause] : null, test.attempts, test.warnings]);

describe('an address that is the credential', () => {
  it('gets the request, and nobody is told its path or query', async () => {
    server.on('POST', secretPath, respond.json(202, { ok: true }, { location: at(server.url), 'x-run': '17' }));

    const response = await client(`${at(server.url)}\n`).post('/', { json: { text: 'x' } });

    expect(response.status).toBe(202);
    expect(server.requests[0]?.query.get('sig')).toBe('canary-sig/9a8b7c6d5e');
    expect(server.requests[0]?.json()).toEqual({ text: 'x' });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(response.url).toBe(`${server.url}/`);
    expect(response.headers.get('location')).toBe('[redacted]');
    expect(response.headers.get('x-run')).toBe('17');
    expect(test.attempts).toMatchObject([{ method: 'POST', path: '', status: 202 }]);
    expect(told()).not.toContain('canary');
  });

  it('takes what the connector asks below it, under an endpoint with a path too', async () => {
    server.on('GET', `${secretPath}/messages/1`, respond.json(200, {}), respond.json(200, {}));

    await client(at(server.url)).get('/messages/1', { query: { wait: true } });
    await client(`${server.url}${secretPath}/`, {}, `${server.url}/base`).get('/messages/1?wait=true');

    expect(server.requests[0]?.query.get('sig')).toBe('canary-sig/9a8b7c6d5e');
    expect(server.requests.map((request) => request.query.get('wait'))).toEqual(['true', 'true']);
  });

  it.each([
    ['in plain text', (server: string) => ({ text: `no such thing: ${at(server)}` })],
    ['without its host', () => ({ text: `bad request ${secretPath}?${query}` })],
    ['its path alone', () => ({ text: `nothing at ${secretPath}` })],
    ['one part of it', () => ({ text: 'unknown flow canary-path-1f2e3d4c' })],
    ['its signature decoded, in JSON', () => ({ json: { error: { message: 'sig canary-sig/9a8b7c6d5e is wrong' } } })],
    ['its signature as it was', () => ({ json: { message: signature } })],
  ])('shows in no error when the provider repeats it %s', async (_form, body) => {
    server.on('POST', secretPath, ({ response }) => {
      const said: { text?: string; json?: unknown } = body(server.url);
      response.writeHead(400, { 'content-type': said.text === undefined ? 'application/json' : 'text/plain' });
      response.end(said.text ?? JSON.stringify(said.json));
    });

    const error = await failure(client(at(server.url)).post('/', { json: {} }));

    expect(error.code).toBe('provider_rejected');
    expect(error.message).toContain('[redacted]');
    expect(told(error)).not.toContain('canary');
  });

  it.each([
    ['a redirect', respond.redirect(`${secretPath}/elsewhere`, 307), 'provider_bad_response'],
    ['a redirect that would drop the body', respond.redirect(secretPath, 303), 'provider_bad_response'],
    ['a refusal', respond.json(401, {}), 'provider_unauthenticated'],
    ['a cut connection', respond.reset(), 'provider_unreachable'],
  ])('shows in no error after %s', async (_what, reply, code) => {
    server.on('POST', secretPath, reply);

    const error = await failure(client(at(server.url)).post('/', { json: {} }));

    expect(error.code).toBe(code);
    expect(server.requests).toHaveLength(1);
    expect(told(error)).not.toContain('canary');
  });

  it.each([
    ['the bare secret', 'canary-sig-9a8b7c6d5e'],
    ['something that looks like a scheme', 'canary:9a8b7c6d5e'],
    ['another scheme', 'file:///canary'],
    ['no URL after all', 'https://canary host/x'],
  ])('is refused when it is %s, and not repeated', async (_what, key) => {
    const error = await failure(client(key).post('/', { json: {} }));

    expect(error).toMatchObject({ code: 'credential_unavailable', message: expect.stringContaining('no address') });
    expect(told(error)).not.toContain('canary');
    expect(test.attempts).toEqual([]);
  });

  it('stays on the endpoint, whatever the credential says', async () => {
    const other = await startFaultServer();
    try {
      for (const overrides of [{}, { allowedHosts: ['127.0.0.1', 'localhost'] }]) {
        const error = await failure(client(at(other.url), overrides).post('/', { json: {} }));
        expect(error).toMatchObject({ code: 'egress_denied', details: { setting: 'config.endpoint' } });
        expect(told(error)).not.toContain('canary');
      }
      expect((await failure(client(at('http://user:canary-word@127.0.0.1')).get('/'))).message).not.toContain('canary');
      expect(other.requests).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  it('passes the same policy as any address: private ones, metadata and blocked hosts are refused', async () => {
    for (const [endpoint, overrides] of [
      ['http://10.0.0.1', {}],
      ['http://169.254.169.254', {}],
      ['http://[::1]:8080', {}],
      [server.url, { blockedHosts: ['127.0.0.1'] }],
    ] as const) {
      const error = await failure(client(at(endpoint), overrides, endpoint).post('/', { json: {} }));
      expect(error.code, endpoint).toBe('egress_denied');
      expect(told(error)).not.toContain('canary');
    }
    expect(server.requests).toEqual([]);
  });

  it('is not taken to another host that the connector asks for', async () => {
    const error = await failure(
      client(at(server.url), { allowedHosts: ['example.com'] }, server.url).get('https://example.com/x'),
    );
    expect(['connector_failed', 'egress_denied']).toContain(error.code);
    expect(told(error)).not.toContain('canary');
  });
});
