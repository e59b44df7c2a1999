import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// A stub of two of Bitbucket's endpoints, in the shapes of its swagger.
interface Hook {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
}
let hook: Hook | undefined;
let refuses = false;
const bitbucket = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url?.startsWith('/2.0/repositories/acme?')) return reply(200, { values: [] });
    if (request.url !== '/2.0/repositories/acme/app/hooks' && request.method !== 'DELETE') return reply(404, {});
    if (refuses) return reply(403, { type: 'error', error: { message: 'no' } });
    if (request.method === 'DELETE') {
      hook = undefined;
      return response.writeHead(204).end();
    }
    hook = JSON.parse(Buffer.concat(chunks).toString());
    return reply(201, { uuid: '{hook-1}' });
  });
});

let hub: TestHub;
let stub: Awaited<ReturnType<typeof listenOnLoopback>>;
let id: string;
beforeAll(async () => {
  stub = await listenOnLoopback(bitbucket);
  hub = await startTestHub({ HUB_ROLES: 'api,worker', HUB_PUBLIC_URL: 'https://hub.example.com' });
  const created = await hub.call('POST', '/api/v1/integrations', {
    type: 'scm.bitbucket',
    name: 'bitbucket',
    config: { endpoint: `http://127.0.0.1:${stub.port}`, authMode: 'token', workspace: 'acme' },
    credentials: { kind: 'bearer_token', token: 'canary-bitbucket-token' },
    submit: true,
  });
  expect(created.status, created.text).toBe(201);
  ({ id } = created.body);
  const tested = await hub.call('POST', `/api/v1/integrations/${id}/test`);
  expect(tested.body.success, tested.text).toBe(true);
});
afterAll(async () => {
  await hub?.stop();
  await stub?.stop();
});

const push = {
  actor: { nickname: 'mona' },
  repository: { full_name: 'acme/app' },
  push: { changes: [{ new: { type: 'branch', name: 'main', target: { hash: 'b' } }, old: null, forced: false }] },
};

describe('a webhook that the hub makes at the product', () => {
  it('gets the public address and a secret, and what it sends becomes events', async () => {
    const made = await hub.call('POST', `/api/v1/integrations/${id}/webhooks`, { register: { target: 'acme/app' } });
    expect(made.status, made.text).toBe(201);
    expect(made.body.registration).toEqual({ target: 'acme/app', externalId: '{hook-1}' });
    expect(hook?.url).toBe(`https://hub.example.com/v1/webhooks/${id}`);
    expect(hook?.secret).toBe(made.body.secret);

    const body = JSON.stringify(push);
    const signature = createHmac('sha256', hook?.secret ?? '')
      .update(body)
      .digest('hex');
    const sent = await fetch(`${hub.url}/v1/webhooks/${id}`, {
      method: 'POST',
      body,
      headers: { 'x-hub-signature': `sha256=${signature}`, 'x-event-key': 'repo:push', 'x-request-uuid': 'r-1' },
    });
    expect(sent.status).toBe(202);
    const events = async () =>
      (await hub.call('GET', `/api/v1/connectors/instances/${id}/events`)).body.items.filter(
        ({ type }: { type: string }) => type === 'bitbucket.branch.created',
      );
    await expect.poll(events, { timeout: 20_000 }).toHaveLength(1);
    expect((await events())[0].data).toMatchObject({ repository: 'acme/app', name: 'main', actor: 'mona' });

    const audit = await hub.call('GET', `/api/v1/audit?targetId=${id}&action=webhook.change`);
    expect(audit.body.items[0]).toMatchObject({
      outcome: 'success',
      details: { webhookChange: 'register', apiCalls: 1 },
    });
    expect(audit.text).not.toContain(made.body.secret);
    expect(hub.logs.join('')).not.toContain(made.body.secret);

    expect((await hub.call('DELETE', `/api/v1/integrations/${id}/webhooks/${made.body.id}`)).status).toBe(204);
    expect(hook).toBeUndefined();
  });

  it('needs the capability, and leaves no endpoint when the product refuses', async () => {
    const path = `/api/v1/integrations/${id}/webhooks`;
    refuses = true;
    const refused = await hub.call('POST', path, { register: { target: 'acme/app' } });
    expect(refused.body.code).toBe('provider_forbidden');
    refuses = false;
    const permissions = await hub.call('GET', `/api/v1/connectors/instances/${id}/permissions`);
    expect(permissions.text).toContain('webhook.register');
    expect((await hub.call('GET', path)).body.items).toEqual([]);
  });

  it('is removed at the product with its integration', async () => {
    const made = await hub.call('POST', `/api/v1/integrations/${id}/webhooks`, { register: { target: 'acme/app' } });
    expect(made.status, made.text).toBe(201);
    expect(hook).toBeDefined();

    expect((await hub.call('DELETE', `/api/v1/integrations/${id}`)).status).toBe(204);
    expect(hook).toBeUndefined();
  });
});
