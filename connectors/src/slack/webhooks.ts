/**
 * What Slack sends: Events API (JSON), interactive payloads and slash commands (forms), all signed alike. Sources:
 * docs.slack.dev/authentication/verifying-requests-from-slack (`v0:` + time + `:` + body, HMAC-SHA256, five minutes),
 * docs.slack.dev/apis/events-api, docs.slack.dev/reference/interaction-payloads, docs.slack.dev/interactivity/implementing-slash-commands.
 */
import {
  boundedPayload,
  checkValue,
  hmacProof,
  type InboundDelivery,
  type JsonObject,
  objectAt,
  parseJsonObject,
  type TranslatedEvent,
  textAt,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import Type from 'typebox';

const toleranceMs = 300_000;
/** Of the product's own payload, so that an event stays below 256 KiB with the fields beside it. */
const maxPayloadBytes = 120_000;
const maxTextLength = 20_000;

/** Events of the Events API by their name; messages are told apart by their subtype. */
const eventTypes: Readonly<Record<string, string>> = {
  app_mention: 'slack.app.mentioned',
  app_home_opened: 'slack.app_home.opened',
  app_uninstalled: 'slack.app.uninstalled',
  channel_archive: 'slack.channel.archived',
  channel_created: 'slack.channel.created',
  channel_deleted: 'slack.channel.deleted',
  channel_rename: 'slack.channel.renamed',
  channel_unarchive: 'slack.channel.unarchived',
  file_shared: 'slack.file.shared',
  member_joined_channel: 'slack.member.joined',
  member_left_channel: 'slack.member.left',
  reaction_added: 'slack.reaction.added',
  reaction_removed: 'slack.reaction.removed',
  team_join: 'slack.user.joined',
  tokens_revoked: 'slack.token.revoked',
  user_change: 'slack.user.updated',
};
/** Subtypes that say how a message was written; the others tell of joins, topics and pins, which have events of their own. */
const messageTypes: Readonly<Record<string, string>> = {
  '': 'slack.message.posted',
  bot_message: 'slack.message.posted',
  file_share: 'slack.message.posted',
  me_message: 'slack.message.posted',
  thread_broadcast: 'slack.message.posted',
  message_changed: 'slack.message.updated',
  message_deleted: 'slack.message.deleted',
};

const EventCallback = Type.Object({
  type: Type.Literal('event_callback'),
  event_id: Type.String({ minLength: 1, maxLength: 128 }),
  event: Type.Object({ type: Type.String({ maxLength: 128 }) }),
});

export const slackEvents: WebhookDefinition = {
  id: 'slack.events',
  title: 'Events, interactions and slash commands',
  events: [
    ...new Set([...Object.values(eventTypes), ...Object.values(messageTypes)]),
    'slack.command.received',
    'slack.interaction.received',
  ],
  proof: 'signature',
  verify: hmacProof({
    header: 'x-slack-signature',
    prefix: 'v0=',
    signed: (delivery) => {
      const time = delivery.headers.get('x-slack-request-timestamp');
      return time === undefined ? undefined : [`v0:${time}:`, delivery.body];
    },
    timestampMs: ({ headers }) => {
      const time = headers.get('x-slack-request-timestamp') ?? '';
      return /^\d{1,12}$/.test(time) ? Number(time) * 1000 : Number.NaN;
    },
    toleranceMs,
  }),
  handshake: (delivery) => {
    const body = readJson(delivery);
    const challenge = body?.['challenge'];
    if (body?.['type'] !== 'url_verification' || typeof challenge !== 'string') return undefined;
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: challenge };
  },
  // Slack repeats a delivery with the same event id. Forms have none, and are not repeated.
  deliveryId: (delivery) => textAt(readJson(delivery), 'event_id', 128) ?? undefined,
  kind: (delivery) => kindOf(delivery),
  translate: (delivery) => {
    if (isForm(delivery)) return translateForm(delivery);
    const body = readJson(delivery);
    if (body === undefined) throw malformed('The body is not a JSON object.');
    if (body['type'] !== 'event_callback') return [];
    if (checkValue(EventCallback, body).length > 0) throw malformed('The event lacks its id or its content.');
    return translateEvent(body, body['event'] as JsonObject);
  },
};

function translateEvent(body: JsonObject, event: JsonObject): readonly TranslatedEvent[] {
  const name = event['type'] as string;
  const type = name === 'message' ? find(messageTypes, textAt(event, 'subtype') ?? '') : find(eventTypes, name);
  if (type === undefined) return [];
  // A changed message carries what it is now inside; a deleted one what it was.
  const inner = objectAt(event, 'message') ?? objectAt(event, 'previous_message') ?? event;
  const channel = event['channel'];
  const item = objectAt(event, 'item');
  return [
    {
      type,
      data: {
        teamId: textAt(body, 'team_id'),
        occurredAt: timeOf(body['event_time']),
        channelId:
          typeof channel === 'object'
            ? textAt(channel as JsonObject, 'id')
            : (textAt(event, 'channel') ?? textAt(item, 'channel')),
        userId: textAt(inner, 'user') ?? textAt(objectAt(event, 'user'), 'id'),
        messageId: textAt(event, 'deleted_ts') ?? textAt(item, 'ts') ?? textAt(inner, 'ts'),
        threadId: textAt(inner, 'thread_ts'),
        text: textAt(inner, 'text', maxTextLength),
        payload: boundedPayload(event, maxPayloadBytes),
      },
    },
  ];
}

function translateForm(delivery: InboundDelivery): readonly TranslatedEvent[] {
  const form = readForm(delivery);
  const payload = form.get('payload');
  if (payload !== null) return translateInteraction(payload);
  const command = form.get('command');
  // `ssl_check` is Slack's own look at the address.
  if (command === null || form.has('ssl_check')) return [];
  return [
    {
      type: 'slack.command.received',
      data: {
        command: command.slice(0, 128),
        text: (form.get('text') ?? '').slice(0, maxTextLength),
        teamId: form.get('team_id'),
        channelId: form.get('channel_id'),
        userId: form.get('user_id'),
      },
    },
  ];
}

function translateInteraction(text: string): readonly TranslatedEvent[] {
  const body = parseJsonObject(text);
  const interaction = textAt(body, 'type');
  if (body === undefined || interaction === null) throw malformed('The field payload is not an interaction.');
  const container = objectAt(body, 'container');
  const actions = Array.isArray(body['actions']) ? (body['actions'] as unknown[]).slice(0, 5) : [];
  // The verification token, and addresses and ids with which anybody may answer in the app's name, are nobody's business.
  const { token: _token, response_url: _url, response_urls: _urls, trigger_id: _trigger, ...payload } = body;
  return [
    {
      type: 'slack.interaction.received',
      data: {
        interaction,
        teamId: textAt(objectAt(body, 'team'), 'id'),
        userId: textAt(objectAt(body, 'user'), 'id'),
        channelId: textAt(objectAt(body, 'channel'), 'id') ?? textAt(container, 'channel_id'),
        messageId: textAt(objectAt(body, 'message'), 'ts') ?? textAt(container, 'message_ts'),
        callbackId: textAt(body, 'callback_id') ?? textAt(objectAt(body, 'view'), 'callback_id'),
        actions: actions.map((action) => ({
          actionId: textAt(action as JsonObject, 'action_id'),
          value: textAt(action as JsonObject, 'value', 2000),
        })),
        payload: boundedPayload(payload, maxPayloadBytes),
      },
    },
  ];
}

function kindOf(delivery: InboundDelivery): string | undefined {
  if (isForm(delivery)) {
    const form = readForm(delivery);
    const payload = form.get('payload');
    if (payload !== null) return textAt(parseJsonObject(payload), 'type') ?? undefined;
    return form.get('command')?.slice(0, 128) ?? undefined;
  }
  const body = readJson(delivery);
  const event = objectAt(body, 'event');
  const name = textAt(event, 'type') ?? textAt(body, 'type');
  const subtype = textAt(event, 'subtype');
  return name === null ? undefined : subtype === null ? name : `${name}.${subtype}`;
}

function isForm({ headers }: InboundDelivery): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headers.get('content-type') ?? '');
}

function readForm({ body }: InboundDelivery): URLSearchParams {
  return new URLSearchParams(Buffer.from(body).toString('utf8'));
}

function readJson(delivery: InboundDelivery): JsonObject | undefined {
  return isForm(delivery) ? undefined : parseJsonObject(delivery.body);
}

function timeOf(seconds: unknown): string | null {
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < 8_640_000_000_000)) return null;
  return new Date(seconds * 1000).toISOString();
}

function find(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function malformed(message: string): HubError {
  return new HubError('invalid_request', `This is not what Slack sends: ${message}`);
}
