/** Microsoft Graph's part for Teams, with channels, chats and messages; shaped by its OpenAPI document. */
import type { Reply, Responder } from '@inthub/connector-sdk/testing';

interface StoredMessage {
  readonly id: string;
  readonly replyToId: string | null;
  body: { contentType: string; content: string };
  attachments: readonly { content?: string }[];
}

export const teamId = '11111111-2222-4333-8444-555555555555';
const me = '00000000-0000-4000-8000-000000000001';
const user = '00000000-0000-4000-8000-000000000002';
const channelOf = (at: number) => `19:channel${at}@thread.tacv2`;
const names = ['General', 'Deploys', 'Plans'];
const chat = '19:chat@unq.gbl.spaces';

export const teamsFixtures = {
  channelId: channelOf(1),
  channelName: 'Deploys',
  channels: names.map((_, at) => channelOf(at)),
  userId: user,
  missing: { channelId: '19:absent@thread.tacv2', messageId: '1700000000999', userId: 'absent@example.com' },
  hasButtons: false,
};

export interface FakeTeams {
  readonly respond: Responder;
  /** What a reader sees. */
  read(message: { readonly channelId: string; readonly id: string }): string | undefined;
}

export function createFakeTeams(): FakeTeams {
  const messages = new Map<string, StoredMessage>();
  let count = 1_700_000_000_000;

  const create = (place: string, replyToId: string | null, body: Partial<StoredMessage>): Reply => {
    count += 1;
    const message: StoredMessage = {
      id: String(count),
      replyToId,
      body: body.body ?? { contentType: 'text', content: '' },
      attachments: body.attachments ?? [],
    };
    messages.set(`${place}/${replyToId === null ? '' : `${replyToId}/`}${message.id}`, message);
    return { status: 201, json: view(message) };
  };

  return {
    respond: ({ method, url, body: bytes }) => {
      const path = url.pathname.replace('/v1.0', '').split('/').map(decodeURIComponent);
      const body = (bytes === null ? {} : JSON.parse(Buffer.from(bytes).toString())) as Record<string, unknown>;
      if (method === 'GET' && url.pathname.endsWith('/me')) return { json: { id: me } };
      if (method === 'POST' && url.pathname.endsWith('/chats')) {
        const bound = (body['members'] as Record<string, string>[]).map((member) => member['user@odata.bind']);
        return bound.some((address) => address?.includes(user))
          ? { status: 201, json: { id: chat, chatType: 'oneOnOne' } }
          : absent;
      }
      const [kind, id, , channel, ...more] = path[1] === 'me' ? path.slice(2) : path.slice(1);
      const place = kind === 'chats' ? id : channel;
      if (kind === 'teams' && id !== teamId) return absent;
      if (kind === 'teams' && path.length === 3)
        return { json: { id: teamId, displayName: 'Acme', webUrl: 'https://teams.microsoft.com/l/team/x' } };
      const channels = names.map((displayName, at) => ({
        id: channelOf(at),
        displayName,
        description: null,
        membershipType: at === 2 ? 'private' : 'standard',
        createdDateTime: '2026-11-21T10:00:00.123Z',
        webUrl: `https://teams.microsoft.com/l/channel/${at}`,
      }));
      if (kind === 'teams' && path.length === 4) {
        const at = Number(url.searchParams.get('$skiptoken')?.replace('t', '') ?? 0);
        const next = `${url.origin}${url.pathname}?$skiptoken=t${at + 2}`;
        return {
          json: { value: channels.slice(at, at + 2), ...(at + 2 < channels.length ? { '@odata.nextLink': next } : {}) },
        };
      }
      const found = channels.find((candidate) => candidate.id === place);
      if (place !== chat && found === undefined) return absent;
      // ["messages", root?, "replies"?, reply?, "softDelete"?]
      const [what, root, below, reply] =
        kind === 'chats' ? [path[1] === 'me' ? path[4] : path[3], ...path.slice(path[1] === 'me' ? 5 : 4)] : more;
      if (what === undefined) return { json: found };
      if (root === undefined) return create(String(place), null, body);
      if (below === 'replies' && reply === undefined) {
        return messages.has(`${place}/${root}`) ? create(String(place), root, body) : absent;
      }
      const key = below === 'replies' ? `${place}/${root}/${reply}` : `${place}/${root}`;
      const message = messages.get(key);
      if (message === undefined) return absent;
      if (method === 'GET') return { json: view(message) };
      if (url.pathname.endsWith('/softDelete')) {
        messages.delete(key);
        return { status: 204 };
      }
      message.body = body['body'] as StoredMessage['body'];
      message.attachments = (body['attachments'] ?? []) as StoredMessage['attachments'];
      return { status: 204 };
    },
    read({ channelId, id }) {
      const message = messages.get(`${channelId}/${id}`);
      if (message === undefined) return undefined;
      const { contentType, content } = message.body;
      const card = message.attachments
        .map((attachment) => texts(JSON.parse(attachment.content ?? '{}')).join('\n'))
        .join('\n');
      return contentType === 'text' ? content : `${unescapeHtml(content)}${card}`;
    },
  };
}

const absent: Reply = { status: 404, json: { error: { code: 'NotFound', message: 'NotFound' } } };

function view({ id, replyToId, body, attachments }: StoredMessage): object {
  return {
    id,
    replyToId,
    body,
    attachments,
    messageType: 'message',
    importance: 'normal',
    locale: 'en-us',
    createdDateTime: '2026-11-21T10:00:00.123Z',
    webUrl: `https://teams.microsoft.com/l/message/${id}`,
    from: { user: { id: me, displayName: 'Hub' } },
  };
}

/** What a card shows: Markdown's escapes are gone. */
function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    ['text', 'title', 'value'].includes(key) && typeof part === 'string'
      ? [part.replaceAll(/\\([^\w\s])/g, '$1')]
      : texts(part),
  );
}

function unescapeHtml(html: string): string {
  return html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
