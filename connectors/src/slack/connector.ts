import {
  type CommunicationHandlers,
  communicationActions,
  communicationDiscovery,
  defineConnector,
  testBySteps,
} from '@inthub/connector-sdk';
import { getChannel, listChannels } from './channels.ts';
import { checks, connectionSteps, product, remedies } from './checks.ts';
import { manifest } from './manifest.ts';
import { deleteMessage, getPermalink, postBlocks, postDirect, postMessage, updateMessage } from './messages.ts';
import { findUser } from './users.ts';
import { slackEvents } from './webhooks.ts';

const handlers: CommunicationHandlers = {
  'channel.list': async (input, ctx) => {
    const { items, nextCursor } = await listChannels(input, ctx);
    return { items: [...items], nextCursor };
  },
  'channel.get': ({ channelId }, ctx) => getChannel(channelId, ctx),
  'message.send': ({ channelId, ...input }, ctx) => postMessage(channelId, input, ctx),
  'message.update': (input, ctx) => updateMessage(input, ctx),
  'message.delete': (input, ctx) => deleteMessage(input, ctx),
  'thread.reply': ({ channelId, ...input }, ctx) => postMessage(channelId, input, ctx),
  'message.direct': (input, ctx) => postDirect(input, ctx),
  'message.rich': (input, ctx) => postBlocks(input, ctx),
};

const write = ['chat:write'];

export const slack = defineConnector({
  manifest,
  actions: [
    ...communicationActions(handlers, {
      requiredScopes: {
        'channel.list': ['channels:read', 'groups:read'],
        'channel.get': ['channels:read', 'groups:read'],
        'message.send': write,
        'message.update': write,
        'message.delete': write,
        'thread.reply': write,
        'message.direct': [...write, 'im:write'],
        'message.rich': write,
      },
      // See manifest.pace for what these stand for.
      weights: {
        'channel.list': 5,
        'channel.get': 2,
        'message.send': 2,
        'message.update': 2,
        'message.delete': 2,
        'thread.reply': 2,
        'message.direct': 4,
        'message.rich': 2,
      },
    }),
    getPermalink,
    findUser,
  ],
  testConnection: (ctx) => testBySteps({ product, remedies, steps: connectionSteps }, ctx),
  discover: communicationDiscovery(handlers),
  checks,
  webhooks: [slackEvents],
});
