import {
  type ActionContext,
  type Channel,
  type ChannelDetail,
  repage,
  sameOrigin,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import { channelPath, teamPath } from './addresses.ts';
import { GraphChannel, GraphChannels } from './schema.ts';

export interface ListChannels {
  readonly includeArchived?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Graph sets the size of these pages itself; the link to the next carries a token, which is all that is kept of it. */
export async function listChannels(
  { includeArchived = false, cursor, limit = 50 }: ListChannels,
  ctx: ActionContext,
): Promise<Page<Channel>> {
  return repage({
    cursor,
    limit,
    fetch: async (page) => {
      if (page !== undefined && !/^[\w.~%+=-]{1,1300}$/.test(page))
        throw new HubError(
          'invalid_cursor',
          'The cursor is not one that this list handed out. Start again without a cursor.',
        );
      const response = await ctx.http.get(`${teamPath(ctx)}/channels`, { query: { $skiptoken: page } });
      const found = await response.json(GraphChannels);
      const link = found['@odata.nextLink'];
      const token = link ? sameOrigin(response.url, link).searchParams.get('$skiptoken') : null;
      if (link && token === null)
        throw new HubError('provider_bad_response', 'Graph linked to a next page without a token.');
      const items = found.value.map(toChannel).filter(({ isArchived }) => includeArchived || isArchived !== true);
      return { items, nextCursor: token };
    },
  });
}

export async function getChannel(channelId: string, ctx: ActionContext): Promise<ChannelDetail> {
  const channel = await (await ctx.http.get(channelPath(channelId, ctx))).json(GraphChannel);
  return { ...toChannel(channel), topic: null, isMember: null };
}

function toChannel(channel: GraphChannel): Channel {
  return {
    id: channel.id,
    name: channel.displayName,
    description: channel.description || null,
    isPrivate: channel.membershipType == null ? null : channel.membershipType === 'private',
    isArchived: channel.isArchived ?? null,
    memberCount: null,
    createdAt: toTimestamp(channel.createdDateTime),
    url: channel.webUrl ?? null,
  };
}
