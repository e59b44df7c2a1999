import {
  type CommunicationHandlers,
  communicationActions,
  communicationDiscovery,
  defineConnector,
  testBySteps,
} from '@inthub/connector-sdk';
import { getChannel, listChannels } from './channels.ts';
import { checks, connectionSteps, flowProduct, flowSteps, product, remedies } from './checks.ts';
import { composeFlowCard, composeFlowMessage } from './content.ts';
import { manifest } from './manifest.ts';
import { deleteMessage, postCard, postDirect, postMessage, updateMessage } from './messages.ts';
import { teamsMentions } from './outgoing-webhook.ts';
import { teamsChanges } from './webhooks.ts';
import { isWorkflow, postToFlow, theChannel, workflowRemedies } from './workflow.ts';

const handlers: CommunicationHandlers = {
  'channel.list': async (input, ctx) => {
    if (isWorkflow(ctx)) return { items: [theChannel(ctx)], nextCursor: null };
    const { items, nextCursor } = await listChannels(input, ctx);
    return { items: [...items], nextCursor };
  },
  'channel.get': ({ channelId }, ctx) => getChannel(channelId, ctx),
  'message.send': ({ channelId, ...input }, ctx) =>
    isWorkflow(ctx)
      ? postToFlow(channelId, input.threadId, composeFlowMessage(input), ctx)
      : postMessage(channelId, input, ctx),
  'message.update': (input, ctx) => updateMessage(input, ctx),
  'message.delete': (input, ctx) => deleteMessage(input, ctx),
  'thread.reply': ({ channelId, ...input }, ctx) => postMessage(channelId, input, ctx),
  'message.direct': (input, ctx) => postDirect(input, ctx),
  'message.rich': (input, ctx) =>
    isWorkflow(ctx)
      ? postToFlow(input.channelId, input.threadId, composeFlowCard(input.blocks, input.text), ctx)
      : postCard(input, ctx),
};

export const teams = defineConnector({
  manifest,
  actions: communicationActions(handlers, {
    requiredScopes: {
      'channel.list': ['Channel.ReadBasic.All'],
      'channel.get': ['Channel.ReadBasic.All'],
      'message.send': ['ChannelMessage.Send'],
      'message.update': ['ChannelMessage.ReadWrite'],
      'message.delete': ['ChannelMessage.ReadWrite'],
      'thread.reply': ['ChannelMessage.Send'],
      'message.direct': ['Chat.ReadWrite'],
      'message.rich': ['ChannelMessage.Send'],
    },
  }),
  testConnection: (ctx) =>
    isWorkflow(ctx)
      ? testBySteps({ product: flowProduct, remedies: workflowRemedies, steps: flowSteps }, ctx)
      : testBySteps({ product, remedies, steps: connectionSteps }, ctx),
  discover: communicationDiscovery(handlers),
  checks,
  webhooks: [teamsMentions, teamsChanges],
});
