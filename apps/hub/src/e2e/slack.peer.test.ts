/** The whole hub against emulate's Slack: the same suite that the connector passes alone, through the API, the gateway and egress. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { communicationActionIds } from '@inthub/connector-sdk';
import { communicationConformance } from '@inthub/connector-sdk/testing';
import { type ErrorCode, HubError } from '@inthub/contracts';
import { findFreePort, type LoopbackServer, listenOnLoopback } from '@inthub/testing';
import { createEmulator, type Emulator } from 'emulate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

const token = 'xoxb-canary-7f3a9c51e0';
const scopes = ['channels:read', 'groups:read', 'chat:write', 'im:write', 'users:read', 'users:read.email'];

let emulator: Emulator;
let front: LoopbackServer;
let hub: TestHub;
let id: string;
const contentTypes = new Set<string | undefined>();

/** emulate knows only the POST form of methods that Slack serves by GET too. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = new URL(request.url ?? '/', emulator.url);
  const isRead = request.method === 'GET';
  if (!isRead) contentTypes.add(request.headers['content-type']);
  const body = isRead ? asked.searchParams.toString() : Buffer.concat(await request.toArray());
  const type = isRead ? 'application/x-www-form-urlencoded' : (request.headers['content-type'] ?? '');
  const headers = { authorization: request.headers.authorization ?? '', 'content-type': type };
  const reply = await fetch(new URL(asked.pathname, emulator.url), { method: 'POST', headers, body });
  response.writeHead(reply.status, { 'content-type': 'application/json' });
  response.end(await reply.text());
}

async function run(action: string, params: unknown): Promise<unknown> {
  const { status, body } = await hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, { action, params });
  if (status === 200) return body.data;
  throw new HubError(body.code as ErrorCode, body.detail as string);
}

beforeAll(async () => {
  const seed = {
    slack: {
      strict_scopes: true,
      users: [{ name: 'ada', email: 'ada@example.com' }],
      tokens: [{ token, user: 'admin', scopes }],
    },
  };
  emulator = await createEmulator({ service: 'slack', port: await findFreePort(), seed });
  front = await listenOnLoopback(createServer((request, response) => void forward(request, response)));
  hub = await startTestHub();
  const { status, body } = await hub.call('POST', '/api/v1/integrations', {
    type: 'chat.slack',
    name: 'chat',
    // The suite sends more than the pace of one minute allows.
    config: { endpoint: `http://127.0.0.1:${front.port}/api`, authMode: 'token' },
    rateLimits: { requestsPerMinute: 10_000 },
    credentials: { kind: 'bearer_token', token },
    submit: true,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  id = body.id as string;
  const test = await hub.call('POST', `/api/v1/integrations/${id}/test`);
  expect(test.body, test.text).toMatchObject({ success: true });
}, 120_000);
afterAll(async () => {
  await hub?.stop();
  await front?.stop();
  await emulator?.close();
});

communicationConformance({
  name: 'slack through the hub',
  offered: communicationActionIds,
  fixtures: async () => {
    const { id: userId } = (await run('slack.user.find', { email: 'ada@example.com' })) as { id: string };
    return {
      channelId: 'C000000001',
      channelName: 'general',
      channels: ['C000000001', 'C000000002'],
      userId,
      missing: { channelId: 'C99999999', messageId: '1700000000.000001', userId: 'U99999999' },
    };
  },
  run,
});

describe('slack behind the hub', () => {
  it('sends JSON as Slack wants it, and keeps the token to itself', async () => {
    const { body } = await hub.call('POST', `/api/v1/integrations/${id}/test`);

    expect(body).toMatchObject({ success: true });
    expect([...contentTypes]).toEqual(['application/json; charset=utf-8']);
    expect(JSON.stringify(body)).not.toContain(token);
    expect(hub.logs.join('')).not.toContain(token);
  });
});
