/** Standard actions of chat products: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import { pageLimits } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import type { ActionDefinition, AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { ActionContext } from '../context.ts';
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

/** Everything about the standard actions but the handler. */
export const communicationActionSpecs = {
  'channel.list': {
    title: 'List channels',
    description: 'Channels that the credential may see, in the order of the product.',
    input: ChannelListInput,
    output: ChannelListOutput,
    safe: true,
    weight: 5,
  },
  'channel.get': {
    title: 'Get a channel',
    description: 'One channel with its topic.',
    input: ChannelGetInput,
    output: ChannelDetail,
    safe: true,
  },
  'message.send': {
    title: 'Send a message',
    description: 'Posts text, with code and links below it where given, to a channel or into a thread of it.',
    input: MessageSendInput,
    output: Message,
    safe: false,
  },
  'message.update': {
    title: 'Update a message',
    description: 'Replaces the whole content of a message that the credential sent.',
    input: MessageUpdateInput,
    output: Message,
    safe: false,
  },
  'message.delete': {
    title: 'Delete a message',
    description: 'Deletes a message that the credential sent.',
    input: MessageDeleteInput,
    output: MessageDeleteOutput,
    safe: false,
  },
  'thread.reply': {
    title: 'Reply in a thread',
    description: 'Posts into the thread that a message starts, or starts it.',
    input: ThreadReplyInput,
    output: Message,
    safe: false,
  },
  'message.direct': {
    title: 'Send a direct message',
    description: 'Posts to one user, opening the conversation where there is none yet.',
    input: MessageDirectInput,
    output: Message,
    safe: false,
  },
  'message.rich': {
    title: 'Send a rich message',
    description: "Posts blocks (text, fields, code, buttons, rules, small print) in the product's own form.",
    input: MessageRichInput,
    output: Message,
    safe: false,
  },
} as const satisfies Record<
  string,
  Pick<ActionDefinition, 'title' | 'description' | 'input' | 'output' | 'safe' | 'weight'>
>;

export type CommunicationActionId = keyof typeof communicationActionSpecs;
export const communicationActionIds = Object.keys(communicationActionSpecs) as readonly CommunicationActionId[];

type Handler<Input extends TSchema, Output extends TSchema> = (
  input: Static<Input>,
  ctx: ActionContext,
) => Promise<Static<Output>>;

/** What a chat product can do; what it cannot is left out. */
export type CommunicationHandlers = {
  readonly [Id in CommunicationActionId]?: Handler<
    (typeof communicationActionSpecs)[Id]['input'],
    (typeof communicationActionSpecs)[Id]['output']
  >;
};

export interface CommunicationActionsOptions {
  /** Scopes that the credential needs at the provider, by action. */
  readonly requiredScopes?: Partial<Record<CommunicationActionId, readonly string[]>>;
}

/** The standard actions for which there is a handler, in the standard order. */
export function communicationActions(
  handlers: CommunicationHandlers,
  options: CommunicationActionsOptions = {},
): AnyAction[] {
  return communicationActionIds.flatMap((id): AnyAction[] => {
    const run = handlers[id] as AnyAction['run'] | undefined;
    if (run === undefined) return [];
    const requiredScopes = options.requiredScopes?.[id];
    return [{ id, ...communicationActionSpecs[id], ...(requiredScopes === undefined ? {} : { requiredScopes }), run }];
  });
}

/** Discovery of `channels` from the same handlers. */
export function communicationDiscovery(handlers: CommunicationHandlers): Record<string, Discover> {
  const listChannels = handlers['channel.list'];
  if (listChannels === undefined) return {};
  return {
    channels: async ({ cursor, limit }, ctx) => {
      const { items, nextCursor } = await listChannels(
        {
          ...(cursor === undefined ? {} : { cursor }),
          limit: Math.min(Math.max(1, limit), pageLimits.max),
        },
        ctx,
      );
      return {
        items: items.map(({ id, name, ...attributes }) => ({ id, name, type: 'channels', attributes })),
        nextCursor,
      };
    },
  };
}
