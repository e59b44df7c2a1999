import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDelivery, type WebhookSample, webhookConformance } from '@inthub/connector-sdk/testing';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { slack } from './connector.ts';
import { slackEvents } from './webhooks.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const wrapperFile = join(vendorApis, 'slack/slack_common_event_wrapper_schema.json');

/** As docs.slack.dev/authentication/verifying-requests-from-slack tells it, written apart from the connector. */
function sign(body: Uint8Array, secret: string, at: Date): Record<string, string> {
  const time = Math.floor(at.getTime() / 1000);
  const base = Buffer.concat([Buffer.from(`v0:${time}:`), body]);
  const digest = createHmac('sha256', secret).update(base).digest('hex');
  return { 'x-slack-request-timestamp': String(time), 'x-slack-signature': `v0=${digest}` };
}

const callback = (event: object, id = 'Ev0123456789') => ({
  token: 'verification-token-canary',
  team_id: 'T0000000001',
  api_app_id: 'A0000000001',
  event: { event_ts: '1700000000.000200', ...event },
  type: 'event_callback',
  event_id: id,
  event_time: 1_700_000_000,
  authed_users: ['U0000000BOT'],
});
const message = {
  type: 'message',
  channel: 'C0000000001',
  channel_type: 'channel',
  user: 'U0000000ADA',
  text: 'hello',
  ts: '1700000000.000100',
};
const form = (fields: Record<string, string>) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});
const interaction = {
  type: 'block_actions',
  token: 'verification-token-canary',
  trigger_id: 'trigger-canary',
  response_url: 'https://hooks.slack.com/actions/canary',
  team: { id: 'T0000000001' },
  user: { id: 'U0000000ADA' },
  container: { type: 'message', channel_id: 'C0000000001', message_ts: '1700000000.000100' },
  actions: [{ type: 'button', action_id: 'rollback', block_id: 'b1', value: 'v2' }],
};

const samples: readonly WebhookSample[] = [
  {
    name: 'a message',
    body: callback(message),
    events: ['slack.message.posted'],
    deliveryId: 'Ev0123456789',
    kind: 'message',
  },
  {
    name: 'a message in a thread, by a bot',
    body: callback({ ...message, subtype: 'bot_message', thread_ts: '1699999999.000100' }),
    events: ['slack.message.posted'],
    kind: 'message.bot_message',
  },
  {
    name: 'a changed message',
    body: callback({ type: 'message', subtype: 'message_changed', channel: 'C0000000001', message }),
    events: ['slack.message.updated'],
  },
  {
    name: 'a deleted message',
    body: callback({
      type: 'message',
      subtype: 'message_deleted',
      channel: 'C0000000001',
      deleted_ts: message.ts,
      previous_message: message,
    }),
    events: ['slack.message.deleted'],
  },
  {
    name: 'a join, which is told as member_joined_channel',
    body: callback({ ...message, subtype: 'channel_join' }),
    events: [],
  },
  { name: 'a mention', body: callback({ ...message, type: 'app_mention' }), events: ['slack.app.mentioned'] },
  {
    name: 'a reaction',
    body: callback({
      type: 'reaction_added',
      user: 'U0000000ADA',
      reaction: 'tada',
      item: { type: 'message', channel: 'C0000000001', ts: message.ts },
    }),
    events: ['slack.reaction.added'],
  },
  {
    name: 'a new channel',
    body: callback({
      type: 'channel_created',
      channel: { id: 'C0000000002', name: 'new', created: 1_700_000_000, creator: 'U0000000ADA' },
    }),
    events: ['slack.channel.created'],
  },
  {
    name: 'a member who leaves',
    body: callback({ type: 'member_left_channel', user: 'U0000000ADA', channel: 'C0000000001' }),
    events: ['slack.member.left'],
  },
  {
    name: 'a new user',
    body: callback({ type: 'team_join', user: { id: 'U0000000NEW', name: 'new' } }),
    events: ['slack.user.joined'],
  },
  { name: 'the end of the app', body: callback({ type: 'app_uninstalled' }), events: ['slack.app.uninstalled'] },
  {
    name: 'a very long message',
    body: callback({ ...message, text: '\u0001日'.repeat(40_000) }),
    events: ['slack.message.posted'],
  },
  {
    name: 'a pressed button',
    ...form({ payload: JSON.stringify(interaction) }),
    events: ['slack.interaction.received'],
    kind: 'block_actions',
  },
  {
    name: 'a slash command',
    ...form({
      token: 'verification-token-canary',
      command: '/deploy',
      text: 'app v2',
      team_id: 'T0000000001',
      channel_id: 'C0000000001',
      user_id: 'U0000000ADA',
      response_url: 'https://hooks.slack.com/commands/canary',
      trigger_id: 'trigger-canary',
    }),
    events: ['slack.command.received'],
    kind: '/deploy',
  },
  { name: "Slack's look at the address of a command", ...form({ ssl_check: '1', token: 'x' }), events: [] },
];

webhookConformance({
  connector: slack,
  definition: slackEvents,
  sign,
  samples,
  unknown: { body: callback({ type: 'invented_event' }), kind: 'invented_event' },
  toleranceMs: 300_000,
  handshakes: [
    {
      name: 'url_verification',
      body: { token: 'x', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P', type: 'url_verification' },
      answer: { status: 200, body: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' },
    },
  ],
});

const translate = async ({ body, headers = {} }: Pick<WebhookSample, 'body' | 'headers'>) =>
  slackEvents.translate(createTestDelivery({ body, headers: { 'content-type': 'application/json', ...headers } }));

describe("Slack's deliveries", () => {
  it("accepts the signature of Slack's own example", async () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const delivery = createTestDelivery({
      body,
      receivedAt: new Date(1_531_420_618_000),
      headers: {
        'x-slack-request-timestamp': '1531420618',
        'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      },
    });

    expect(await slackEvents.verify(delivery, ['8f742231b10e8888abcd99yyyzzz85a5'])).toBe('valid');
  });

  it('tells who, where and what, whatever the shape', async () => {
    const dataOf = async (name: string) => (await translate(samples.find((sample) => sample.name === name)!))[0]?.data;

    expect(await dataOf('a message')).toEqual({
      teamId: 'T0000000001',
      occurredAt: '2023-11-14T22:13:20.000Z',
      channelId: 'C0000000001',
      userId: 'U0000000ADA',
      messageId: '1700000000.000100',
      threadId: null,
      text: 'hello',
      payload: { event_ts: '1700000000.000200', ...message },
    });
    const same = { channelId: 'C0000000001', userId: 'U0000000ADA', messageId: '1700000000.000100' };
    expect(await dataOf('a changed message')).toMatchObject({ ...same, text: 'hello' });
    expect(await dataOf('a deleted message')).toMatchObject(same);
    expect(await dataOf('a reaction')).toMatchObject(same);
    expect(await dataOf('a new channel')).toMatchObject({ channelId: 'C0000000002' });
    expect(await dataOf('a new user')).toMatchObject({ userId: 'U0000000NEW' });
    expect(await dataOf('a pressed button')).toMatchObject({
      ...same,
      actions: [{ actionId: 'rollback', value: 'v2' }],
    });
    expect(await dataOf('a slash command')).toMatchObject({
      command: '/deploy',
      text: 'app v2',
      userId: 'U0000000ADA',
    });
  });

  it('keeps to itself what would let a reader act as the app', async () => {
    for (const sample of samples) expect(JSON.stringify(await translate(sample)), sample.name).not.toContain('canary');
  });

  it.skipIf(!existsSync(wrapperFile))('is tested with what the wrapper schema of Slack describes', () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(wrapperFile, 'utf8')) as object);

    for (const { name, body } of samples) {
      if (typeof body === 'string') continue;
      expect(validate(body), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });
});
