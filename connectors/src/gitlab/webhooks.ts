/**
 * What GitLab sends. Sources: docs.gitlab.com/user/project/integrations/webhooks ("Delivery headers": the secret itself in
 * `X-Gitlab-Token`; `Idempotency-Key` stays the same over retries) and webhook_events (payloads, 25 MB at most).
 */
import {
  checkValue,
  type InboundDelivery,
  objectAt,
  parseJsonObject,
  textAt,
  tokenProof,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import Type from 'typebox';
import { createHook, deleteHook } from './hooks.ts';
import { repositoryFields } from './own-fields.ts';
import { dataOf } from './webhook-data.ts';
import { eventTypes, hookEventsFor, typesOf } from './webhook-events.ts';

const maxBodyBytes = 25 * 1024 * 1024;

/** `Merge Request Hook` as `merge_request_hook`. */
function kindOf({ headers }: InboundDelivery): string | undefined {
  const event = headers.get('x-gitlab-event');
  if (event === undefined || !/^[A-Za-z ]{1,64}$/.test(event)) return undefined;
  return event.trim().toLowerCase().replaceAll(/ +/g, '_');
}

const ProjectNames = Type.Object(repositoryFields);

/** `group/subgroup/project` @throws HubError `invalid_request` */
function projectOf(target = ''): { owner: string; repo: string } {
  const cut = target.lastIndexOf('/');
  const found = { owner: target.slice(0, Math.max(0, cut)), repo: target.slice(cut + 1) };
  if (checkValue(ProjectNames, found).length === 0) return found;
  throw invalidField(
    '/target',
    'must name the project as group/project, with the groups above where there are some.',
    'pattern',
  );
}

export const gitlabEvents: WebhookDefinition = {
  id: 'gitlab.events',
  title: 'Webhook of a project or a group',
  events: eventTypes,
  proof: 'token',
  maxBodyBytes,
  verify: tokenProof('x-gitlab-token'),
  deliveryId({ headers }) {
    // The event's own id is shared by what one webhook sets off in another, so it serves only servers before 17.4, which send no key.
    const id = headers.get('idempotency-key') ?? headers.get('x-gitlab-event-uuid');
    return id !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(id) ? id : undefined;
  },
  kind(delivery) {
    const payload = parseJsonObject(delivery.body);
    const action = textAt(objectAt(payload, 'object_attributes'), 'action') ?? textAt(payload, 'action');
    const kind = kindOf(delivery);
    return action !== null && /^[a-z_]{1,64}$/.test(action) ? `${kind ?? 'unknown'}.${action}` : kind;
  },
  translate({ body }) {
    const payload = parseJsonObject(body);
    if (payload === undefined) throw new HubError('invalid_request', 'The body is not a payload of GitLab.');
    return typesOf(payload).map((type) => ({ type, data: dataOf(payload) }));
  },
  registration: {
    targetTitle: 'group/project',
    async register({ url, secret, events, target }, ctx) {
      const wanted = hookEventsFor(events);
      if (wanted.length === 0) throw invalidField('/events', 'holds nothing that a webhook of a GitLab project tells.');
      const { externalId } = await createHook({ ...projectOf(target), url, secret, events: wanted }, ctx);
      return { externalId };
    },
    async deregister({ externalId, target }, ctx) {
      await deleteHook({ ...projectOf(target), externalId }, ctx);
    },
  },
};
