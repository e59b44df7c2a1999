/** Against emulate's Slack, which keeps state; what it keeps is read back with Slack's own client. */
import { communicationActionIds } from '@inthub/connector-sdk';
import {
  communicationConformance,
  createLoopbackTransport,
  createMockGateway,
  type Responder,
} from '@inthub/connector-sdk/testing';
import { findFreePort } from '@inthub/testing';
import { WebClient } from '@slack/web-api';
import { createEmulator, type Emulator } from 'emulate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slack } from './connector.ts';
import { shown, unescapeText } from './testing.ts';

const tokens = { full: 'xoxb-full', narrow: 'xoxb-narrow' };
const scopes = ['channels:read', 'groups:read', 'chat:write', 'im:write', 'users:read', 'users:read.email'];
const history = ['channels:history', 'im:history', 'groups:history'];

let emulator: Emulator;
let client: WebClient;
let endpoint: string;
beforeAll(async () => {
  emulator = await createEmulator({
    service: 'slack',
    port: await findFreePort(),
    seed: {
      slack: {
        strict_scopes: true,
        users: [{ name: 'ada', email: 'ada@example.com' }],
        channels: [{ name: 'deploys' }, { name: 'plans', is_private: true }],
        tokens: [
          { token: tokens.full, user: 'admin', scopes: [...scopes, ...history] },
          { token: tokens.narrow, user: 'admin', scopes: ['channels:read'] },
        ],
      },
    },
  });
  endpoint = `${emulator.url}/api`;
  client = new WebClient(tokens.full, { slackApiUrl: `${endpoint}/`, retryConfig: { retries: 0 } });
}, 60_000);
afterAll(async () => emulator.close());

/** The emulator knows only the POST form of methods that Slack serves by GET too. */
function postOnly(transport: Responder): Responder {
  return (request, signal) => {
    if (request.method !== 'GET') return transport(request, signal);
    const url = new URL(request.url);
    const body = Buffer.from(url.searchParams.toString());
    url.search = '';
    const headers = { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' };
    return transport({ ...request, method: 'POST', url, body, headers }, signal);
  };
}

const gateway = (token = tokens.full) =>
  createMockGateway({
    connector: slack,
    respond: postOnly(createLoopbackTransport()),
    config: { endpoint },
    credential: { kind: 'bearer_token', token },
  });

async function read({ channelId, id }: { channelId: string; id: string }): Promise<string | undefined> {
  const { messages = [] } = await client.conversations.history({ channel: channelId, limit: 1000 });
  const replies = await client.conversations.replies({ channel: channelId, ts: id }).then(
    (found) => found.messages ?? [],
    () => [],
  );
  const found = [...messages, ...replies].find(({ ts }) => ts === id);
  if (found === undefined) return undefined;
  const blocks = found.blocks as Parameters<typeof shown>[0][] | undefined;
  return blocks === undefined ? unescapeText(found.text ?? '') : blocks.map(shown).join('\n');
}

communicationConformance({
  name: 'slack against emulate',
  offered: communicationActionIds,
  fixtures: async () => {
    const { channels = [] } = await client.conversations.list({ types: 'public_channel,private_channel' });
    const { user } = await client.users.lookupByEmail({ email: 'ada@example.com' });
    const deploys = channels.find(({ name }) => name === 'deploys');
    return {
      channelId: deploys!.id!,
      channelName: 'deploys',
      channels: channels.map(({ id }) => id!),
      userId: user!.id!,
      missing: { channelId: 'C99999999', messageId: '1700000000.000001', userId: 'U99999999' },
      read,
    };
  },
  run: (action, input) => gateway().run(action, input),
});

describe("emulate's Slack", () => {
  it('refuses a token that lacks a scope, and the error names it', async () => {
    const narrow = gateway(tokens.narrow);

    await expect(narrow.run('message.send', { channelId: 'C000000001', text: 'x' })).rejects.toMatchObject({
      code: 'provider_forbidden',
      details: { needed: 'chat:write', provided: 'channels:read' },
    });
  });

  it('tests the connection, finds a user and gives a link', async () => {
    const hub = gateway();
    const { id } = (await hub.run('message.send', { channelId: 'C000000001', text: 'x' })) as { id: string };

    expect(await hub.testConnection()).toMatchObject({ success: true, details: { user: 'admin' } });
    expect(await hub.run('slack.user.find', { email: 'ada@example.com' })).toMatchObject({
      name: 'ada',
      isActive: true,
    });
    expect(await hub.run('slack.permalink.get', { channelId: 'C000000001', messageId: id })).toMatchObject({
      url: expect.stringContaining('C000000001'),
    });
  });
});
