/**
 * Notifications of the CNCF Distribution registry. It proves itself with the headers that its configuration gives the endpoint:
 * `Authorization: [Bearer <secret>]`. Sources: distribution.github.io/distribution/about/notifications; distribution/distribution
 * notifications/event.go (envelope, actions, target).
 */
import {
  deliveryJson,
  findDeliveryJson,
  sameText,
  type TranslatedEvent,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';

const text = Type.String({ maxLength: 1_024 });
const Envelope = Type.Object({
  events: Type.Array(
    Type.Object({
      id: Type.Optional(text),
      timestamp: Type.Optional(text),
      action: text,
      target: Type.Object({
        mediaType: Type.Optional(text),
        size: Type.Optional(Type.Number()),
        digest: Type.Optional(text),
        repository: Type.Optional(text),
        fromRepository: Type.Optional(text),
        url: Type.Optional(text),
        tag: Type.Optional(text),
      }),
      actor: Type.Optional(Type.Object({ name: Type.Optional(text) })),
    }),
    { maxItems: 100 },
  ),
});
type RegistryEvent = Static<typeof Envelope>['events'][number];

const past: Readonly<Record<string, string>> = { push: 'pushed', pull: 'pulled', mount: 'mounted', delete: 'deleted' };
const scheme = 'Bearer ';

export const distributionNotifications: WebhookDefinition = {
  id: 'oci.distribution',
  title: 'Notifications of a Distribution registry',
  events: [
    'oci.manifest.pushed',
    'oci.manifest.pulled',
    'oci.blob.pushed',
    'oci.blob.pulled',
    'oci.blob.mounted',
    // What was deleted has no media type any more: a manifest, a tag, a blob or a repository.
    'oci.content.deleted',
  ],
  proof: 'token',
  verify({ headers }, secrets) {
    const sent = headers.get('authorization');
    if (sent === undefined || sent === '') return 'missing';
    let isValid = false;
    for (const secret of secrets) if (sameText(`${scheme}${secret}`, sent)) isValid = true;
    return isValid ? 'valid' : 'invalid';
  },
  // An envelope of one event (the only kind that Distribution sends) is known by it; others by their whole body.
  deliveryId(delivery) {
    const events = findDeliveryJson(delivery, Envelope)?.events ?? [];
    return events.length === 1 ? events[0]?.id : undefined;
  },
  kind: (delivery) => findDeliveryJson(delivery, Envelope)?.events[0]?.action,
  translate: (delivery) => deliveryJson(delivery, Envelope).events.flatMap((event) => eventOf(event) ?? []),
};

function eventOf(event: RegistryEvent): TranslatedEvent | undefined {
  const { action, target } = event;
  const what = Object.hasOwn(past, action) ? past[action] : undefined;
  if (what === undefined) return undefined;
  const noun = action === 'delete' ? 'content' : action === 'mount' || !isManifest(target) ? 'blob' : 'manifest';
  return {
    type: `oci.${noun}.${what}`,
    data: {
      repository: target.repository ?? null,
      tag: target.tag ?? null,
      digest: target.digest ?? null,
      mediaType: target.mediaType ?? null,
      sizeBytes: target.size ?? null,
      url: target.url ?? null,
      ...(target.fromRepository === undefined ? {} : { fromRepository: target.fromRepository }),
      actor: event.actor?.name ?? null,
      occurredAt: event.timestamp ?? null,
    },
  };
}

function isManifest({ mediaType = '', url = '' }: RegistryEvent['target']): boolean {
  return /manifest|index/.test(mediaType) || url.includes('/manifests/');
}
