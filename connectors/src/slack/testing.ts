/** A Slack that keeps channels and messages, shaped by slackapi/slack-api-specs; the tests check every exchange against it. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';

interface StoredMessage {
  ts: string;
  text: string;
  thread_ts?: string;
  blocks?: readonly Block[];
}
interface Block {
  readonly type: string;
  readonly text?: string | { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly Block[];
  readonly url?: string;
}

export interface FakeSlack {
  readonly respond: Responder;
  /** What a reader sees: blocks where there are some, else the text. */
  read(channelId: string, ts: string): string | undefined;
}

const bot = { user_id: 'U0000000BOT', bot_id: 'B00000000B' };
const user = { id: 'U0000000ADA', email: 'ada@example.com', name: 'ada' };
const member = {
  id: user.id,
  name: user.name,
  real_name: 'Ada',
  deleted: false,
  is_bot: false,
  is_app_user: false,
  updated: 1_700_000_000,
  profile: {
    real_name: 'Ada',
    display_name: 'ada',
    avatar_hash: '',
    real_name_normalized: 'Ada',
    display_name_normalized: 'ada',
    title: '',
    phone: '',
    skype: '',
    status_text: '',
    status_emoji: '',
    fields: {},
  },
};
const names: Readonly<Record<string, string>> = {
  C0000000001: 'general',
  C0000000002: 'random',
  C0000000003: 'deploys',
  C0000000004: 'secret-plans',
};
const archived = { id: 'C0000000009', name: 'old' };
const directChannel = 'D0000000ADA';

export const slackFixtures = {
  channelId: 'C0000000003',
  channelName: 'deploys',
  channels: Object.keys(names),
  userId: user.id,
  missing: { channelId: 'C0000000099', messageId: '1700000000.999999', userId: 'U0000000NIL' },
};

export function createFakeSlack(): FakeSlack {
  const messages = new Map<string, StoredMessage>();
  let count = 0;
  let isDirectOpen = false;
  const keyOf = (channel: unknown, ts: unknown) => `${String(channel)}/${String(ts)}`;
  const known = (channel: unknown) =>
    Object.hasOwn(names, String(channel)) || (isDirectOpen && channel === directChannel);

  const methods: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => object>> = {
    'GET auth.test': () => ({
      ok: true,
      url: 'https://acme.slack.com/',
      team: 'Acme',
      user: 'hub',
      team_id: 'T0000000001',
      ...bot,
    }),
    'GET conversations.list': ({ limit = 100, cursor = '', exclude_archived, types }) => {
      const all = Object.keys(names)
        .filter((id) => names[id] !== 'secret-plans' || String(types).includes('private_channel'))
        .map((id) => conversation(id));
      const listed = exclude_archived === 'true' ? all : [...all, conversation(archived.id)];
      const start = Number(Buffer.from(String(cursor), 'base64').toString().replace('at:', '') || 0);
      const end = start + Number(limit);
      const next_cursor = end < listed.length ? Buffer.from(`at:${end}`).toString('base64') : '';
      return { ok: true, channels: listed.slice(start, end), response_metadata: { next_cursor } };
    },
    'GET conversations.info': ({ channel }) =>
      known(channel) ? { ok: true, channel: conversation(String(channel)) } : refuse('channel_not_found'),
    'POST conversations.open': ({ users }) => {
      if (users !== user.id) return refuse('user_not_found');
      isDirectOpen = true;
      return { ok: true, channel: { id: directChannel } };
    },
    'POST chat.postMessage': ({ channel, text, blocks, thread_ts }) => {
      if (!known(channel)) return refuse('channel_not_found');
      if (String(text ?? '') === '') return refuse('no_text');
      count += 1;
      const ts = `1700000000.${String(count).padStart(6, '0')}`;
      const message: StoredMessage = {
        ts,
        text: String(text),
        ...(blocks === undefined ? {} : { blocks: blocks as Block[] }),
        ...(thread_ts === undefined ? {} : { thread_ts: String(thread_ts) }),
      };
      messages.set(keyOf(channel, ts), message);
      return { ok: true, channel, ts, message: { type: 'message', user: bot.user_id, bot_id: bot.bot_id, ...message } };
    },
    'POST chat.update': ({ channel, ts, text, blocks }) => {
      const message = messages.get(keyOf(channel, ts));
      if (message === undefined) return refuse('message_not_found');
      message.text = String(text);
      delete message.blocks;
      if (blocks !== undefined) message.blocks = blocks as Block[];
      return { ok: true, channel, ts, text: message.text, message: { text: message.text } };
    },
    'POST chat.delete': ({ channel, ts }) =>
      messages.delete(keyOf(channel, ts)) ? { ok: true, channel, ts } : refuse('message_not_found'),
    'GET chat.getPermalink': ({ channel, message_ts }) =>
      messages.has(keyOf(channel, message_ts))
        ? {
            ok: true,
            channel,
            permalink: `https://acme.slack.com/archives/${channel}/p${String(message_ts).replace('.', '')}`,
          }
        : refuse('message_not_found'),
    'GET users.lookupByEmail': ({ email }) =>
      email === user.email ? { ok: true, user: member } : refuse('users_not_found'),
  };

  return {
    respond: (request) => {
      const method = `${request.method} ${request.url.pathname.replace('/api/', '')}`;
      const answer = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (answer === undefined) return { json: refuse('unknown_method') };
      const scopes = 'channels:read,groups:read,chat:write,im:write,users:read,users:read.email';
      return { json: answer(argumentsOf(request)), headers: { 'x-oauth-scopes': scopes } } satisfies Reply;
    },
    read(channelId, ts) {
      const message = messages.get(keyOf(channelId, ts));
      if (message === undefined) return undefined;
      return message.blocks === undefined ? unescapeText(message.text) : message.blocks.map(shown).join('\n');
    },
  };
}

function argumentsOf({ method, url, body }: SentRequest): Readonly<Record<string, unknown>> {
  if (method === 'GET') return Object.fromEntries(url.searchParams);
  return JSON.parse(Buffer.from(body ?? []).toString()) as Readonly<Record<string, unknown>>;
}

function refuse(error: string): object {
  return { ok: false, error };
}

function conversation(id: string): object {
  const note = (value: string) => ({ value, creator: user.id, last_set: 1_700_000_000 });
  const name = names[id] ?? archived.name;
  return {
    id,
    name,
    name_normalized: name,
    created: 1_700_000_000,
    creator: user.id,
    is_archived: id === archived.id,
    is_channel: name !== 'secret-plans',
    is_general: name === 'general',
    is_group: false,
    is_im: false,
    is_member: true,
    is_mpim: false,
    is_org_shared: false,
    is_private: name === 'secret-plans',
    is_shared: false,
    num_members: 3,
    purpose: note(`About ${name}`),
    topic: note(''),
  };
}

/** The text of a block as a reader sees it. */
export function shown(block: Block): string {
  const own = typeof block.text === 'string' ? block.text : (block.text?.text ?? '');
  const text = block.type === 'mrkdwn' ? unescapeText(own) : own;
  const fields = (block.fields ?? []).map((field) => unescapeText(field.text));
  return [text, block.url ?? '', ...fields, ...(block.elements ?? []).map(shown)]
    .filter((part) => part !== '')
    .join('\n');
}

export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
