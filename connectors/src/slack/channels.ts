import {
  type ActionContext,
  type Channel,
  type ChannelDetail,
  decodeCursor,
  encodeCursor,
} from '@inthub/connector-sdk';
import type { Page } from '@inthub/contracts';
import Type from 'typebox';
import { read } from './api.ts';
import { type Conversation, ConversationInfo, ConversationList } from './schema.ts';

/** The method's reference recommends no more than 200 a page. */
const maxPageSize = 200;
const Position = Type.Object({ next: Type.String({ minLength: 1, maxLength: 1000 }) }, { additionalProperties: false });

export interface ListChannels {
  readonly includeArchived?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

export async function listChannels(input: ListChannels, ctx: ActionContext): Promise<Page<Channel>> {
  const { includeArchived = false, cursor, limit = 50 } = input;
  const publicOnly = ctx.integration.config['channelTypes'] === 'public';
  const { channels, response_metadata } = await read(
    'conversations.list',
    {
      types: publicOnly ? 'public_channel' : 'public_channel,private_channel',
      exclude_archived: !includeArchived,
      limit: Math.min(limit, maxPageSize),
      cursor: cursor === undefined ? undefined : decodeCursor(Position, cursor).next,
    },
    ConversationList,
    ctx,
  );
  const next = response_metadata?.next_cursor;
  return { items: channels.map(toChannel), nextCursor: next ? encodeCursor({ next }) : null };
}

export async function getChannel(channel: string, ctx: ActionContext): Promise<ChannelDetail> {
  const found = await read('conversations.info', { channel, include_num_members: true }, ConversationInfo, ctx);
  return {
    ...toChannel(found.channel),
    topic: found.channel.topic?.value || null,
    isMember: found.channel.is_member ?? null,
  };
}

function toChannel(conversation: Conversation): Channel {
  const { id, name, is_private, is_archived, num_members, created, purpose } = conversation;
  return {
    id,
    name: name ?? id,
    description: purpose?.value || null,
    isPrivate: is_private ?? null,
    isArchived: is_archived ?? null,
    memberCount: num_members ?? null,
    createdAt: timestampOf(created ?? Number.NaN),
    url: null,
  };
}

/** Seconds since 1970, as Slack counts; null for what is no date. */
export function timestampOf(seconds: number): string | null {
  const at = new Date(seconds * 1000);
  return seconds > 0 && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}
