/** Against emulate's Slack, which keeps state; what it keeps is read back with Slack's own client. */
import { communicationActionIds } from '@inthub/connector-sdk';
import { type Counterpart, communicationConformance, createMockGateway } from '@inthub/connector-sdk/testing';
import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slack } from './connector.ts';
import { startCounterpart, tokens } from './counterpart.ts';
import { shown, unescapeText } from './testing.ts';

let counterpart: Counterpart;
let client: WebClient;
beforeAll(async () => {
  counterpart = await startCounterpart();
  const slackApiUrl = `${counterpart.config?.['endpoint']}/`;
  client = new WebClient(tokens.full, { slackApiUrl, retryConfig: { retries: 0 } });
}, 60_000);
afterAll(() => counterpart.stop());

const gateway = (token = tokens.full) =>
  createMockGateway({ ...counterpart, connector: slack, credential: { kind: 'bearer_token', token } });

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
