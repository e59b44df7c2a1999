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
