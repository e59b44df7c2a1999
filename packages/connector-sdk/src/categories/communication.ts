/** Standard actions of chat products: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import { pageLimits } from '@inthub/contracts';
import type { AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { DataScope } from '../data-scope.ts';
import {
  ChannelDetail,
  ChannelGetInput,
  ChannelListInput,
  ChannelListOutput,
  Message,
  MessageDeleteInput,
  MessageDeleteOutput,
  MessageDirectInput,
  MessageRichInput,
  MessageSendInput,
  MessageUpdateInput,
  ThreadReplyInput,
} from './communication-schemas.ts';
import { type ActionSpecs, type Handlers, type StandardActionsOptions, standardActions } from './standard-actions.ts';

const messages = { dataTypes: ['messages'], containsPii: true } as const satisfies DataScope;
/** Of one channel; a direct message is in none, so a grant that is restricted to channels does not cover it. */
const inChannel = { ...messages, project: '/channelId' } as const;

/** Everything about the standard actions but the handler. */
export const communicationActionSpecs = {
  'channel.list': {
    title: 'List channels',
    description: 'Channels that the credential may see, in the order of the product.',
    input: ChannelListInput,
    output: ChannelListOutput,
    safe: true,
    weight: 5,
    dataScope: { dataTypes: ['messages'], containsPii: false },
  },
  'channel.get': {
    title: 'Get a channel',
    description: 'One channel with its topic.',
    input: ChannelGetInput,
    output: ChannelDetail,
    safe: true,
    dataScope: { dataTypes: ['messages'], containsPii: false, project: '/channelId' },
  },
  'message.send': {
    title: 'Send a message',
    description: 'Posts text, with code and links below it where given, to a channel or into a thread of it.',
    input: MessageSendInput,
    output: Message,
    safe: false,
    dataScope: inChannel,
  },
  'message.update': {
    title: 'Update a message',
    description: 'Replaces the whole content of a message that the credential sent.',
    input: MessageUpdateInput,
    output: Message,
    safe: false,
    dataScope: inChannel,
  },
  'message.delete': {
    title: 'Delete a message',
    description: 'Deletes a message that the credential sent.',
    input: MessageDeleteInput,
    output: MessageDeleteOutput,
    safe: false,
    dataScope: inChannel,
  },
  'thread.reply': {
    title: 'Reply in a thread',
    description: 'Posts into the thread that a message starts, or starts it.',
    input: ThreadReplyInput,
    output: Message,
    safe: false,
    dataScope: inChannel,
  },
  'message.direct': {
    title: 'Send a direct message',
    description: 'Posts to one user, opening the conversation where there is none yet.',
    input: MessageDirectInput,
    output: Message,
    safe: false,
    dataScope: messages,
  },
  'message.rich': {
    title: 'Send a rich message',
    description: "Posts blocks (text, fields, code, buttons, rules, small print) in the product's own form.",
    input: MessageRichInput,
    output: Message,
    safe: false,
    dataScope: inChannel,
  },
} as const satisfies ActionSpecs;

export type CommunicationActionId = keyof typeof communicationActionSpecs;
export const communicationActionIds = Object.keys(communicationActionSpecs) as readonly CommunicationActionId[];

/** What a chat product can do; what it cannot is left out. */
export type CommunicationHandlers = Handlers<typeof communicationActionSpecs>;

/** The standard actions for which there is a handler, in the standard order. */
export function communicationActions(
  handlers: CommunicationHandlers,
  options: StandardActionsOptions<CommunicationActionId> = {},
): AnyAction[] {
  return standardActions(communicationActionSpecs, handlers, options);
}

/** Discovery of `channels` from the same handlers. */
export function communicationDiscovery(handlers: CommunicationHandlers): Record<string, Discover> {
  const listChannels = handlers['channel.list'];
  if (listChannels === undefined) return {};
  return {
    channels: async ({ cursor, limit }, ctx) => {
      const page = { ...(cursor === undefined ? {} : { cursor }), limit: Math.min(Math.max(1, limit), pageLimits.max) };
      const { items, nextCursor } = await listChannels(page, ctx);
      return {
        items: items.map(({ id, name, ...attributes }) => ({ id, name, type: 'channels', attributes })),
        nextCursor,
      };
    },
  };
}
