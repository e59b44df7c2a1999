import {
  type ActionContext,
  defineAction,
  type Message,
  type MessageBlock,
  type MessageInput,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import { read, write } from './api.ts';
import { composeBlocks, composeMessage, composeUpdate, type SlackContent } from './blocks.ts';
import { timestampOf } from './channels.ts';
import { DeletedMessage, OpenedConversation, Permalink, PostedMessage } from './schema.ts';

export async function postMessage(
  channel: string,
  input: MessageInput & { readonly threadId?: string },
  ctx: ActionContext,
): Promise<Message> {
  return post(channel, composeMessage(input), input.threadId, ctx);
}

export async function postBlocks(
  input: {
    readonly channelId: string;
    readonly blocks: readonly MessageBlock[];
    readonly text?: string;
    readonly threadId?: string;
  },
  ctx: ActionContext,
): Promise<Message> {
  return post(input.channelId, composeBlocks(input.blocks, input.text), input.threadId, ctx);
}

/** Opens the conversation with the user, which gives the one that exists where there is one, and posts into it. */
export async function postDirect(
  { userId, ...input }: MessageInput & { readonly userId: string },
  ctx: ActionContext,
): Promise<Message> {
  // Composed first: a text that is too long opens nothing.
  const content = composeMessage(input);
  const { channel } = await write('conversations.open', { users: userId }, OpenedConversation, ctx, {
    idempotent: true,
  });
  return post(channel.id, content, undefined, ctx);
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
  const { channelId, messageId, content, markdown = false } = input;
  const json = { channel: channelId, ts: messageId, ...composeUpdate(content, markdown) };
  const updated = await write('chat.update', json, PostedMessage, ctx, { idempotent: true });
  return toMessage(updated, undefined);
}

export async function deleteMessage(
  { channelId, messageId }: { readonly channelId: string; readonly messageId: string },
  ctx: ActionContext,
) {
  const deleted = await write('chat.delete', { channel: channelId, ts: messageId }, DeletedMessage, ctx);
  return { channelId: deleted.channel, messageId: deleted.ts, deleted: true as const };
}

async function post(
  channel: string,
  content: SlackContent,
  threadId: string | undefined,
  ctx: ActionContext,
): Promise<Message> {
  const json = { channel, ...content, ...(threadId === undefined ? {} : { thread_ts: threadId }) };
  return toMessage(await write('chat.postMessage', json, PostedMessage, ctx), threadId);
}

function toMessage({ channel, ts, message }: PostedMessage, threadId: string | undefined): Message {
  const thread = message?.thread_ts ?? threadId;
  return {
    id: ts,
    channelId: channel,
    // The first message of a thread carries its own id there.
    threadId: thread === undefined || thread === ts ? null : thread,
    text: message?.text ?? null,
    author: message?.user ?? message?.bot_id ?? null,
    createdAt: sentAt(ts),
    url: null,
  };
}

/** A message's id is the second it was sent in, and a counter. */
function sentAt(ts: string): string | null {
  if (!/^\d{1,12}\.\d{1,9}$/.test(ts)) {
    throw new HubError('provider_bad_response', 'Slack named a message by something that is not a timestamp.');
  }
  return timestampOf(Number(ts));
}

export const getPermalink = defineAction({
  id: 'slack.permalink.get',
  title: 'Get the link of a message',
  description: 'The address under which people find a message in Slack.',
  input: Type.Object(
    {
      channelId: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Z0-9]+$' }),
      messageId: Type.String({ minLength: 1, maxLength: 64, pattern: '^\\d+\\.\\d+$' }),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ url: Type.String() }),
  dataScope: { project: '/channelId', dataTypes: ['messages'], containsPii: false },
  safe: true,
  weight: 1,
  run: async ({ channelId, messageId }, ctx) => {
    const query = { channel: channelId, message_ts: messageId };
    const { permalink } = await read('chat.getPermalink', query, Permalink, ctx);
    return { url: permalink };
  },
});
