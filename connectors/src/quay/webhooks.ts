/**
 * What Quay sends. It neither signs nor names the event, so the secret part of the address is the proof, and the fields tell the kind.
 * Sources: docs.redhat.com "Repository Notifications"; quay/quay notifications/notificationevent.py (sample data of each event).
 */
import { deliveryJson, findDeliveryJson, type TranslatedEvent, type WebhookDefinition } from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';

const text = Type.String({ maxLength: 4_096 });
const Vulnerability = Type.Object({
  id: Type.Optional(text),
  description: Type.Optional(text),
  link: Type.Optional(text),
  priority: Type.Optional(text),
});
const Notification = Type.Object({
  repository: text,
  namespace: Type.Optional(text),
  homepage: Type.Optional(text),
  // Names; earlier releases sent an object of names and image ids.
  updated_tags: Type.Optional(Type.Union([Type.Array(text, { maxItems: 1_000 }), Type.Record(text, Type.Unknown())])),
  tags: Type.Optional(Type.Array(text, { maxItems: 1_000 })),
  vulnerability: Type.Optional(Vulnerability),
  vulnerabilities: Type.Optional(Type.Array(Vulnerability, { maxItems: 500 })),
  build_id: Type.Optional(text),
  build_name: Type.Optional(text),
  docker_tags: Type.Optional(Type.Array(text, { maxItems: 1_000 })),
  trigger_kind: Type.Optional(text),
  error_message: Type.Optional(text),
  image_id: Type.Optional(text),
});
type Notification = Static<typeof Notification>;

/** What the fields say; undefined for notifications that nothing tells apart (mirroring). */
function kindOf(notification: Notification): 'push' | 'vulnerability' | 'build' | undefined {
  if (notification.updated_tags !== undefined) return 'push';
  if (notification.vulnerability !== undefined || notification.vulnerabilities !== undefined) return 'vulnerability';
  return notification.build_id === undefined ? undefined : 'build';
}

export const quayNotifications: WebhookDefinition = {
  id: 'quay.repository',
  title: 'Notifications of a repository',
  events: ['quay.repository.pushed', 'quay.vulnerability.found', 'quay.build.changed', 'quay.build.failed'],
  proof: 'url',
  verify: () => 'valid',
  kind(delivery) {
    const notification = findDeliveryJson(delivery, Notification);
    return notification && kindOf(notification);
  },
  translate(delivery): readonly TranslatedEvent[] {
    const notification = deliveryJson(delivery, Notification);
    const { repository, namespace = null, homepage: url = null } = notification;
    const base = { repository, namespace, url };
    switch (kindOf(notification)) {
      case 'push':
        return [{ type: 'quay.repository.pushed', data: { ...base, tags: tagsOf(notification.updated_tags) } }];
      case 'vulnerability': {
        const { vulnerability, vulnerabilities = vulnerability === undefined ? [] : [vulnerability] } = notification;
        const data = { ...base, tags: notification.tags ?? [], vulnerabilities };
        return [{ type: 'quay.vulnerability.found', data }];
      }
      case 'build': {
        const { error_message: message } = notification;
        const data = {
          ...base,
          buildId: notification.build_id ?? null,
          name: notification.build_name ?? null,
          tags: notification.docker_tags ?? [],
          trigger: notification.trigger_kind ?? null,
          imageId: notification.image_id ?? null,
        };
        return message === undefined
          ? [{ type: 'quay.build.changed', data }]
          : [{ type: 'quay.build.failed', data: { ...data, message } }];
      }
      default:
        return [];
    }
  },
};

function tagsOf(tags: Notification['updated_tags']): readonly string[] {
  return Array.isArray(tags) ? tags : Object.keys(tags ?? {});
}
