import { createServer } from 'node:http';
import { listenOnLoopback } from '@inthub/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

// VLT-5: canary secrets go in everywhere a secret may go in, and must come out nowhere.
describe('a secret', () => {
  let hub: TestHub;
  const canary = (name: string) => `canary-${name}-4f1d9a7c2e`;
  const endpoint = 'http://127.0.0.1:9';
  const answers: string[] = [];

  async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await hub.call(method, path, body, headers);
    answers.push(answer.text, JSON.stringify([...answer.headers]));
    return answer;
  }

  beforeAll(async () => {
    hub = await startTestHub({ HUB_SECRET_DEFAULT_REGISTRY: canary('environment') });
  });
  afterAll(() => hub.stop());

  it('never appears in a response, a log, a metric, an event, the audit or the database', async () => {
    const kinds = [
      { authMode: 'basic', credentials: { kind: 'basic_auth', username: 'robot', password: canary('password') } },
      { authMode: 'token', credentials: { kind: 'bearer_token', token: canary('token') } },
      { authMode: 'basic', authRef: 'ref://env/default/REGISTRY' },
    ];
    for (const [index, { authMode, ...secret }] of kinds.entries()) {
      const created = await call('POST', '/api/v1/integrations', {
        type: 'registry.oci',
        name: `registry ${index}`,
        config: { endpoint, authMode, retryPolicy: { maxRetries: 0 } },
        ...secret,
        submit: true,
      });
      if (created.status !== 201) continue;
      const path = `/api/v1/integrations/${created.body.id}`;
      await call('POST', `${path}/test`);
      await call('GET', path);
      await call('PATCH', path, { description: 'changed' }, { 'if-match': '"1"' });
      await call('POST', `/api/v1/connectors/instances/${created.body.id}/execute`, {
        action: 'tag.list',
        params: { repository: 'a' },
      });
      await call('POST', `/api/v1/connectors/instances/${created.body.id}/auth`, {
        credentials:
          authMode === 'basic'
            ? { kind: 'basic_auth', username: 'robot', password: canary('rotated') }
            : { kind: 'bearer_token', token: canary('rotated') },
      });
      await call('GET', `/api/v1/connectors/instances/${created.body.id}/events`);
    }
    // In places where a secret does not belong: refused, and not repeated.
    await call('POST', '/api/v1/integrations', {
      type: 'registry.oci',
      name: 'x',
      config: { endpoint: `http://user:${canary('userinfo')}@127.0.0.1:9`, authMode: 'none' },
    });
    await call('POST', '/api/v1/integrations', {
      type: 'registry.oci',
      name: 'x',
      config: { endpoint, authMode: 'none', password: canary('in-config') },
    });
    await call('POST', '/api/v1/integrations', {
      type: 'registry.oci',
      name: 'x',
      config: { endpoint, authMode: 'none', customHeaders: { Authorization: canary('in-header') } },
    });
    await call('GET', '/api/v1/me', undefined, { authorization: `Bearer ${canary('as-key')}` });
    await call('GET', '/api/v1/integrations?limit=500');
    await call('GET', '/api/v1/audit?limit=500');
    await call('GET', '/metrics');

    expect(answers.join('\n')).not.toMatch(/canary-/);
    expect(hub.logs.join('\n')).not.toMatch(/canary-/);
    expect(await everythingStored()).not.toMatch(/canary-/);
    expect(await everythingStored()).not.toContain(Buffer.from(canary('token')).toString('base64').slice(0, 20));
    expect(answers.join('\n') + hub.logs.join('\n') + (await everythingStored())).not.toContain(adminKey);
  });

  // The credential is an address (AuthScheme secret-url): as above, and the provider repeats it in whatever it says.
  it('that is an address never appears either, even where the provider repeats it', async () => {
    const asked: string[] = [];
    const flow = createServer((request, response) => {
      const url = request.url ?? '';
      asked.push(`${request.method} ${url}`);
      request.resume();
      const refused = { error: { code: 'TriggerRequestMethodNotValid', message: `no GET at ${url}` } };
      const isBroken = asked.length > 2;
      const [status, body] =
        request.method === 'GET'
          ? [404, refused]
          : isBroken
            ? [400, { error: { message: `bad request: ${url}` } }]
            : [202, {}];
      response.writeHead(status, {
        'content-type': 'application/json',
        location: `http://${request.headers.host}${url}`,
      });
      response.end(JSON.stringify(body));
    });
    const listening = await listenOnLoopback(flow);
    const origin = `http://127.0.0.1:${listening.port}`;
    const path = (name: string) => `/workflows/${canary(`path-${name}`)}/invoke?sp=%2Frun&sig=${canary(`sig-${name}`)}`;
    const key = (name: string) => ({ kind: 'api_key', key: `${origin}${path(name)}` });
    try {
      const config = { endpoint: origin, authMode: 'token', channelId: 'deploys', retryPolicy: { maxRetries: 0 } };
      const type = 'chat.teams_workflow';
      const credentials = key('first');
      const created = await call('POST', '/api/v1/integrations', {
        type,
        name: 'flow',
        config,
        credentials,
        submit: true,
      });
      expect(created.status, created.text).toBe(201);
      const instance = `/api/v1/connectors/instances/${created.body.id}`;
      expect((await call('POST', `/api/v1/integrations/${created.body.id}/test`)).body.success).toBe(true);
      const send = () =>
        call('POST', `${instance}/execute`, {
          action: 'message.send',
          params: { channelId: 'deploys', text: 'hello' },
        });
      expect((await send()).body.success).toBe(true);
      expect((await send()).body).toMatchObject({ success: false, error: { code: 'provider_rejected' } });
      await call('POST', `${instance}/auth`, { credentials: key('second') });
      await send();
      expect(asked).toEqual([
        `GET ${path('first')}`,
        `POST ${path('first')}`,
        `POST ${path('first')}`,
        `GET ${path('second')}`,
        `POST ${path('second')}`,
      ]);

      // Elsewhere, in the wrong field, and without its beginning: refused, and not repeated.
      await call('POST', `${instance}/auth`, {
        credentials: { kind: 'api_key', key: `http://127.0.0.1:9${path('other')}` },
      });
      await send();
      await call('POST', `${instance}/auth`, { credentials: { kind: 'api_key', key: canary('bare') } });
      await send();
      const wrong = { ...config, endpoint: `${origin}${path('in-endpoint')}` };
      const refused = await call('POST', '/api/v1/integrations', { type, name: 'x', config: wrong, credentials });
      expect(refused.status).toBe(400);
      expect(refused.body.errors[0].path).toBe('/config/endpoint');
      expect(asked).toHaveLength(5);
      const diagnosis = await call('POST', `/api/v1/integrations/${created.body.id}/doctor`, {});
      await call('GET', `${instance}/events`);
      await call('GET', `/api/v1/audit?limit=500&targetId=${created.body.id}`);
      await call('GET', '/metrics');
      expect(diagnosis.status, diagnosis.text).toBe(200);

      expect(answers.join('\n')).not.toMatch(/canary-/);
      expect(hub.logs.join('\n')).not.toMatch(/canary-/);
      expect(await everythingStored()).not.toMatch(/canary-/);
    } finally {
      await listening.stop();
    }
  });

  /** Every row of every table, as text; bytea as hex and as text. */
  async function everythingStored(): Promise<string> {
    const client = new Client({ connectionString: hub.databaseUrl });
    await client.connect();
    try {
      const tables = await client.query<{ name: string }>(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'inthub' AND c.relkind = 'r'",
      );
      expect(tables.rows.length).toBeGreaterThan(8);
      const texts: string[] = [];
      for (const { name } of tables.rows) {
        const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
        for (const row of rows) {
          for (const value of Object.values(row))
            texts.push(Buffer.isBuffer(value) ? value.toString('latin1') : (JSON.stringify(value) ?? ''));
        }
      }
      return texts.join('\n');
    } finally {
      await client.end();
    }
  }
});
