/**
 * Change notifications of Graph. Sources: learn.microsoft.com/graph/change-notifications-delivery-webhooks (validationToken in the query, to be
 * answered decoded as text/plain; `clientState` in each notification), …/change-notifications-lifecycle-events, graph/api/resources/changenotification,
 * graph/teams-changenotifications-chatmessage (forms of `resource`).
 */
import { hash } from 'node:crypto';
import {
  deliveryJson,
  findDeliveryJson,
  type InboundDelivery,
  sameText,
  type TranslatedEvent,
  toTimestamp,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { clientStateOf } from './client-state.ts';
import { type Notification, Notifications } from './schema.ts';
import { subscriptions } from './subscriptions.ts';

/** What Graph tells of, by the last part of the resource's path. */
const nouns: Readonly<Record<string, string>> = {
  messages: 'message',
  replies: 'message',
  channels: 'channel',
  chats: 'chat',
  members: 'member',
  teams: 'team',
};
const verbs: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);
const lifecycle: Readonly<Record<string, string>> = {
  reauthorizationRequired: 'teams.subscription.reauthorization_required',
  subscriptionRemoved: 'teams.subscription.removed',
  missed: 'teams.notification.missed',
};

export const teamsChanges: WebhookDefinition = {
  id: 'teams.graph',
  title: 'Changes of messages, channels, chats and members, by Microsoft Graph',
  events: [
    ...[...new Set(Object.values(nouns))].flatMap((noun) => [...verbs].map((verb) => `teams.${noun}.${verb}`)),
    ...Object.values(lifecycle),
  ],
  types: ['chat.teams'],
  // The handshake proves nothing, so the address has to.
  proof: 'url',
  verify: (delivery, secrets) => {
    if (validationTokenOf(delivery) !== undefined) return 'valid';
    const notifications = findDeliveryJson(delivery, Notifications)?.value ?? [];
    if (notifications.length === 0 || notifications.every(({ clientState }) => clientState == null)) return 'missing';
    const states = secrets.map(clientStateOf);
    // All of them, and each against all secrets: how long it takes tells nothing.
    const wrong = notifications.filter(({ clientState }) => {
      const matches = states.filter((state) => sameText(state, clientState ?? ''));
      return matches.length === 0;
    });
    return wrong.length === 0 ? 'valid' : 'invalid';
  },
  handshake: (delivery) => {
    const token = validationTokenOf(delivery);
    if (token === undefined) return undefined;
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: token };
  },
  deliveryId: (delivery) => {
    const notifications = findDeliveryJson(delivery, Notifications)?.value ?? [];
    if (notifications.every(isUnique)) return undefined;
    // Two changes of one message read alike, byte for byte; a repeat of Graph's that is taken twice does less harm than a lost change.
    return `${delivery.receivedAt.toISOString()} ${hash('sha256', delivery.body)}`;
  },
  kind: (delivery) => {
    const [first] = findDeliveryJson(delivery, Notifications)?.value ?? [];
    return first?.lifecycleEvent ?? first?.changeType ?? undefined;
  },
  translate: (delivery) => deliveryJson(delivery, Notifications).value.flatMap(translate),
  registration: subscriptions,
};

function validationTokenOf({ query }: InboundDelivery): string | undefined {
  return query.get('validationToken') || undefined;
}

/** No other notification of the same change reads like this one. */
function isUnique({ id, changeType, resource, resourceData }: Notification): boolean {
  if (id || resourceData?.['@odata.etag']) return true;
  return changeType === 'created' && nouns[parts(resource ?? '').at(-1)?.[0] ?? ''] === 'message';
}

/** `teams('a')/channels('b')/messages('1')` or `teams/a/channels/b/messages/1` as pairs of collection and id. */
function parts(resource: string): readonly (readonly [string, string])[] {
  const found = resource.matchAll(/([A-Za-z]{1,64})(?:\('([^']{1,512})'\)|\/([^/()']{1,512}))(?:\/|$)/g);
  return [...found].map(([, collection = '', quoted, plain]) => [collection.toLowerCase(), quoted ?? plain ?? '']);
}

function translate(notification: Notification): readonly TranslatedEvent[] {
  const { subscriptionId, tenantId, changeType, lifecycleEvent, resource, resourceData } = notification;
  const about = {
    subscriptionId: subscriptionId ?? null,
    tenantId: tenantId ?? null,
    subscriptionEndsAt: toTimestamp(notification.subscriptionExpirationDateTime),
  };
  if (lifecycleEvent != null) {
    const type = Object.hasOwn(lifecycle, lifecycleEvent) ? lifecycle[lifecycleEvent] : undefined;
    return type === undefined ? [] : [{ type, data: about }];
  }
  const path = parts(resource ?? resourceData?.['@odata.id'] ?? '');
  const collection = path.at(-1)?.[0] ?? '';
  const noun = Object.hasOwn(nouns, collection) ? nouns[collection] : undefined;
  if (noun === undefined || changeType == null || !verbs.has(changeType)) return [];
  const ids = new Map(path);
  const root = ids.get('messages') ?? null;
  const reply = ids.get('replies');
  return [
    {
      type: `teams.${noun}.${changeType}`,
      data: {
        ...about,
        teamId: ids.get('teams') ?? null,
        channelId: ids.get('channels') ?? ids.get('chats') ?? null,
        messageId: reply === undefined ? root : `${root}/${reply}`,
        threadId: reply === undefined ? null : root,
        memberId: ids.get('members') ?? null,
      },
    },
  ];
}
