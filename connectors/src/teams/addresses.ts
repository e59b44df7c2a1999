/** Where channels, chats and messages live in Graph. Source: learn.microsoft.com/graph/api/resources/teams-api-overview. */
import type { ActionContext } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';

/** The team of the integration. */
export function teamPath(ctx: ActionContext): string {
  return `/teams/${encodeURIComponent(String(ctx.integration.config['teamId']))}`;
}

/** Channels and chats have ids of one form; only their ending tells them apart. */
export function isChannel(channelId: string): boolean {
  return /@thread\.(?:tacv2|skype)$/.test(channelId);
}

export function channelPath(channelId: string, ctx: ActionContext): string {
  if (!isChannel(channelId))
    throw invalidField('/channelId', 'is not the id of a channel; they end with @thread.tacv2.', 'pattern');
  return `${teamPath(ctx)}/channels/${encodeURIComponent(channelId)}`;
}

/** A channel's or a chat's messages. */
export function messagesPath(channelId: string, ctx: ActionContext): string {
  return `${isChannel(channelId) ? channelPath(channelId, ctx) : `/chats/${encodeURIComponent(channelId)}`}/messages`;
}

/** A message's own path. The id of a reply is `<root>/<reply>`, since Graph finds it only below its root. */
export function messagePath(channelId: string, messageId: string, ctx: ActionContext): string {
  const [, root = '', reply] = /^(\d{1,20})(?:\/(\d{1,20}))?$/.exec(messageId) ?? [];
  if (root === '')
    throw invalidField(
      '/messageId',
      'is not the id of a message of Teams: digits, for a reply <root>/<reply>.',
      'pattern',
    );
  return `${messagesPath(channelId, ctx)}/${root}${reply === undefined ? '' : `/replies/${reply}`}`;
}

/** The message that starts a thread; a reply given in its stead names it too. */
export function rootOf(threadId: string): string {
  const [, root] = /^(\d{1,20})(?:\/\d{1,20})?$/.exec(threadId) ?? [];
  if (root === undefined) throw invalidField('/threadId', 'is not the id of a message of Teams.', 'pattern');
  return root;
}
