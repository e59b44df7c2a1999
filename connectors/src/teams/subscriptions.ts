/**
 * Subscriptions of Graph, which make it send change notifications. Source: learn.microsoft.com/graph/api/subscription-post-subscriptions,
 * …/subscription-update, …/subscription-delete, graph/change-notifications-overview (chatMessage: at most 4320 minutes; over an hour only with a
 * lifecycleNotificationUrl, graph/teams-changenotifications-chatmessage), graph/change-notifications-lifecycle-events (renewing authorises anew).
 */
import type { ActionContext, WebhookRegistration } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import { isChannel } from './addresses.ts';
import { clientStateOf } from './client-state.ts';
import { Subscription } from './schema.ts';

/** Three days, less what clocks differ by. */
const lifetimeMs = (4_320 - 5) * 60_000;
/** Renewing also tells Graph of the newer token, whose end pauses notifications otherwise; tokens live for an hour and more. */
const renewEveryMs = 30 * 60_000;
const prefix = 'teams.message.';

function pathOf(id: string): string {
  return `/subscriptions/${encodeURIComponent(id)}`;
}

function messagesOf(target: string, ctx: ActionContext): string {
  if (!/^[\w:.@-]{1,256}$/.test(target))
    throw invalidField('/register/target', 'is not the id of a channel or chat of Teams.', 'pattern');
  const team = String(ctx.integration.config['teamId']);
  return isChannel(target) ? `/teams/${team}/channels/${target}/messages` : `/chats/${target}/messages`;
}

function endOf(ctx: ActionContext): string {
  return new Date(ctx.clock.now().getTime() + lifetimeMs).toISOString();
}

export const subscriptions: WebhookRegistration = {
  targetTitle: 'id of the channel, or of the chat, whose messages are told of',
  async register({ url, secret, events, target = '' }, ctx) {
    const changes = ['created', 'updated', 'deleted'].filter((change) => events.includes(`${prefix}${change}`));
    if (changes.length === 0)
      throw new HubError('invalid_request', `Only ${prefix}created, updated and deleted can be registered.`);
    if (!url.startsWith('https:'))
      throw new HubError(
        'invalid_request',
        'Graph sends to https addresses only; set HUB_PUBLIC_URL to the one that it reaches.',
      );
    const response = await ctx.http.post('/subscriptions', {
      json: {
        changeType: changes.join(','),
        notificationUrl: url,
        lifecycleNotificationUrl: url,
        resource: messagesOf(target, ctx),
        expirationDateTime: endOf(ctx),
        clientState: clientStateOf(secret),
      },
    });
    return { externalId: (await response.json(Subscription)).id };
  },
  renewal: {
    everyMs: renewEveryMs,
    async renew({ externalId }, ctx) {
      const json = { expirationDateTime: endOf(ctx) };
      await ctx.http.patch(pathOf(externalId), { json, idempotent: true });
    },
  },
  async deregister({ externalId }, ctx) {
    try {
      await ctx.http.delete(pathOf(externalId));
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    }
  },
};
