/**
 * What Harbor sends, in both of its payload formats. It proves itself with the `Authorization` header that the policy was given. Sources:
 * goharbor.io/docs "Configure Webhook Notifications"; goharbor/harbor src/pkg/notifier/model/event.go, src/pkg/notifier/formats/cloudevents.go,
 * api/v2.0/swagger.yaml (webhook/policies).
 */
import {
  deliveryJson,
  findDeliveryJson,
  type TranslatedEvent,
  tokenProof,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import Type from 'typebox';
import { apiPath } from './api.ts';

/** By Harbor's name of the event: ours, and its name in the CloudEvents format. */
const kinds: Readonly<Record<string, readonly [event: string, cloudEvent: string]>> = {
  PUSH_ARTIFACT: ['harbor.artifact.pushed', 'harbor.artifact.pushed'],
  PULL_ARTIFACT: ['harbor.artifact.pulled', 'harbor.artifact.pulled'],
  DELETE_ARTIFACT: ['harbor.artifact.deleted', 'harbor.artifact.deleted'],
  SCANNING_COMPLETED: ['harbor.scan.completed', 'harbor.scan.completed'],
  SCANNING_STOPPED: ['harbor.scan.stopped', 'harbor.scan.stopped'],
  SCANNING_FAILED: ['harbor.scan.failed', 'harbor.scan.failed'],
  QUOTA_EXCEED: ['harbor.quota.exceeded', 'harbor.quota.exceeded'],
  QUOTA_WARNING: ['harbor.quota.warned', 'harbor.quota.warned'],
  REPLICATION: ['harbor.replication.finished', 'harbor.replication.status.changed'],
  TAG_RETENTION: ['harbor.retention.finished', 'harbor.tag_retention.finished'],
};
const eventOf = new Map(
  Object.entries(kinds).flatMap(([name, [event, cloud]]) => [
    [name, event],
    [cloud, event],
  ]),
);

const text = Type.String({ maxLength: 1_024 });
const EventData = Type.Object({
  resources: Type.Optional(
    Type.Array(
      Type.Object({
        digest: Type.Optional(text),
        tag: Type.Optional(text),
        resource_url: Type.Optional(text),
        scan_overview: Type.Optional(Type.Unknown()),
      }),
      { maxItems: 1_000 },
    ),
  ),
  repository: Type.Optional(Type.Object({ repo_full_name: Type.Optional(text), namespace: Type.Optional(text) })),
  replication: Type.Optional(Type.Unknown()),
  retention: Type.Optional(Type.Unknown()),
  custom_attributes: Type.Optional(Type.Unknown()),
});
const Classic = Type.Object({
  type: text,
  occur_at: Type.Optional(Type.Number({ minimum: 0, maximum: 8.64e12 })),
  operator: Type.Optional(text),
  event_data: Type.Optional(EventData),
});
const CloudEvent = Type.Object({
  specversion: text,
  id: text,
  type: text,
  time: Type.Optional(text),
  operator: Type.Optional(text),
  data: Type.Optional(EventData),
});
const Payload = Type.Union([CloudEvent, Classic]);

export const harborEvents: WebhookDefinition = {
  id: 'harbor.project',
  title: 'Events of a project',
  events: Object.values(kinds).map(([event]) => event),
  proof: 'token',
  verify: tokenProof('Authorization'),
  deliveryId: (delivery) => findDeliveryJson(delivery, CloudEvent)?.id,
  kind: (delivery) => findDeliveryJson(delivery, Payload)?.type,
  translate(delivery): readonly TranslatedEvent[] {
    const payload = deliveryJson(delivery, Payload);
    const type = eventOf.get(payload.type);
    if (type === undefined) return [];
    const data = ('specversion' in payload ? payload.data : payload.event_data) ?? {};
    const occurredAt =
      'specversion' in payload
        ? (payload.time ?? null)
        : payload.occur_at === undefined
          ? null
          : new Date(payload.occur_at * 1_000).toISOString();
    return [
      {
        type,
        data: {
          repository: data.repository?.repo_full_name ?? null,
          project: data.repository?.namespace ?? null,
          operator: payload.operator ?? null,
          occurredAt,
          artifacts: (data.resources ?? []).map(({ digest = null, tag = null, resource_url: url = null, ...rest }) => ({
            digest,
            // Harbor repeats the digest where an artifact has no tag.
            tag: tag === digest ? null : tag,
            url,
            ...(rest.scan_overview === undefined ? {} : { scan: rest.scan_overview }),
          })),
          ...(data.replication === undefined ? {} : { replication: data.replication }),
          ...(data.retention === undefined ? {} : { retention: data.retention }),
          ...(data.custom_attributes === undefined ? {} : { details: data.custom_attributes }),
        },
      },
    ];
  },
  registration: {
    targetTitle: 'Name of the project',
    async register({ url, secret, events, target }, ctx) {
      if (target === undefined) throw invalidField('/target', 'must be the name of a Harbor project', 'required');
      const response = await ctx.http.post(apiPath(`/projects/${encodeURIComponent(target)}/webhook/policies`), {
        headers: { 'X-Is-Resource-Name': 'true' },
        retry: 'never',
        json: {
          name: `inthub-${ctx.integration.id}`,
          description: 'Made by the Integration Hub.',
          enabled: true,
          event_types: Object.entries(kinds).flatMap(([name, [event]]) => (events.includes(event) ? [name] : [])),
          targets: [{ type: 'http', address: url, auth_header: secret, skip_cert_verify: false }],
        },
      });
      // The answer has no body; its Location ends with the id of the policy.
      const externalId = /\/(\d+)$/.exec(response.headers.get('location') ?? '')?.[1];
      if (externalId === undefined)
        throw new HubError('provider_bad_response', 'Harbor did not say which webhook policy it has made.');
      return { externalId };
    },
    async deregister({ externalId, target }, ctx) {
      if (target === undefined) throw invalidField('/target', 'must be the name of a Harbor project', 'required');
      const path = `/projects/${encodeURIComponent(target)}/webhook/policies/${encodeURIComponent(externalId)}`;
      await ctx.http.delete(apiPath(path), { headers: { 'X-Is-Resource-Name': 'true' }, expect: [404] });
    },
  },
};
