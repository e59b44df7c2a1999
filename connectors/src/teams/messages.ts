import {
  type ActionContext,
  type Message,
  type MessageBlock,
  type MessageInput,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import { isChannel, messagePath, messagesPath, rootOf } from './addresses.ts';
import { composeCard, composeMessage, type GraphContent } from './content.ts';
import { Chat, ChatMessage, Me } from './schema.ts';

/** Graph lets nobody but people write: permissions of applications are for imports only (learn.microsoft.com/graph/api/chatmessage-post). */
function requirePerson(ctx: ActionContext): void {
  if (ctx.integration.config.authMode !== 'basic') return;
  throw new HubError(
    'provider_forbidden',
    'Microsoft Graph lets an application read channels, but not write messages. Sign in a user (authMode oauth) with ChannelMessage.Send.',
  );
}

export async function postMessage(
  channelId: string,
  { threadId, ...input }: MessageInput & { readonly threadId?: string },
  ctx: ActionContext,
): Promise<Message> {
  return post(channelId, composeMessage(input), threadId, ctx);
}

export async function postCard(
  input: {
    readonly channelId: string;
    readonly blocks: readonly MessageBlock[];
    readonly text?: string;
    readonly threadId?: string;
  },
  ctx: ActionContext,
): Promise<Message> {
  return post(input.channelId, composeCard(input.blocks, input.text), input.threadId, ctx);
}

async function post(
  channelId: string,
  json: GraphContent,
  threadId: string | undefined,
  ctx: ActionContext,
): Promise<Message> {
  requirePerson(ctx);
  if (threadId !== undefined && !isChannel(channelId))
    throw invalidField('/threadId', 'Chats of Teams have no threads; channels have.');
  const root = threadId === undefined ? undefined : rootOf(threadId);
  const path = messagesPath(channelId, ctx);
  const response = await ctx.http.post(root === undefined ? path : `${path}/${root}/replies`, { json });
  return toMessage(await response.json(ChatMessage), channelId, root);
}

/** Graph gives back the chat of the two where there is one (learn.microsoft.com/graph/api/chat-post). */
export async function postDirect(
  { userId, ...input }: MessageInput & { readonly userId: string },
  ctx: ActionContext,
): Promise<Message> {
  requirePerson(ctx);
  if (/['/?#\\]/.test(userId)) throw invalidField('/userId', 'is not the id or principal name of a user.', 'pattern');
  const content = composeMessage(input);
  const { id: ownId } = await (await ctx.http.get('/me', { query: { $select: 'id' } })).json(Me);
  const { endpoint } = ctx.integration.config;
  const members = [ownId, userId].map((member) => ({
    '@odata.type': '#microsoft.graph.aadUserConversationMember',
    roles: ['owner'],
    'user@odata.bind': `${endpoint.replace(/\/+$/, '')}/users('${member}')`,
  }));
  const response = await ctx.http.post('/chats', { json: { chatType: 'oneOnOne', members }, idempotent: true });
  const { id } = await response.json(Chat);
  return post(id, content, undefined, ctx);
}

export async function updateMessage(
  input: {
    readonly channelId: string;
    readonly messageId: string;
    readonly content: string;
    readonly markdown?: boolean;
  },
  ctx: ActionContext,
): Promise<Message> {
  requirePerson(ctx);
  const { channelId, messageId, content, markdown = false } = input;
  const path = messagePath(channelId, messageId, ctx);
  const json = { ...composeMessage({ text: content, markdown }, '/content'), attachments: [] };
  await ctx.http.patch(path, { json, idempotent: true });
  return toMessage(
    await (await ctx.http.get(path)).json(ChatMessage),
    channelId,
    messageId.includes('/') ? rootOf(messageId) : undefined,
  );
}

/** People see that a message was deleted; it can be brought back (learn.microsoft.com/graph/api/chatmessage-softdelete). */
export async function deleteMessage(
  { channelId, messageId }: { readonly channelId: string; readonly messageId: string },
  ctx: ActionContext,
) {
  requirePerson(ctx);
  const path = messagePath(channelId, messageId, ctx);
  await ctx.http.post(`${isChannel(channelId) ? '' : '/me'}${path}/softDelete`);
  return { channelId, messageId, deleted: true as const };
}

function toMessage(message: ChatMessage, channelId: string, root: string | undefined): Message {
  const thread = root ?? (message.replyToId || undefined);
  return {
    id: thread === undefined ? message.id : `${thread}/${message.id}`,
    channelId,
    threadId: thread ?? null,
    text: message.body?.content ?? null,
    author: message.from?.user?.id ?? message.from?.application?.id ?? null,
    createdAt: toTimestamp(message.createdDateTime),
    url: message.webUrl ?? null,
  };
}
