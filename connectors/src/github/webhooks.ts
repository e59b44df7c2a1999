/**
 * What GitHub sends. Sources: docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries (HMAC-SHA256 of the body in
 * `X-Hub-Signature-256`; the SHA-1 one is not looked at), docs.github.com/webhooks/webhook-events-and-payloads (headers, 25 MB at most).
 */
import {
  hmacProof,
  type InboundDelivery,
  type JsonObject,
  parseJsonObject,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import { createHook, deleteHook } from './hooks.ts';
import { dataOf } from './webhook-data.ts';
import { eventsFor, eventTypes, typeOf } from './webhook-events.ts';

const maxBodyBytes = 25 * 1024 * 1024;
const eventName = /^[a-z][a-z0-9_]{0,63}$/;

function eventOf({ headers }: InboundDelivery): string | undefined {
  const event = headers.get('x-github-event');
  return event !== undefined && eventName.test(event) ? event : undefined;
}

/** JSON, or a form whose field `payload` holds it, as the webhook's content type says. */
function payloadOf({ headers, body }: InboundDelivery): JsonObject | undefined {
  if (!/^application\/x-www-form-urlencoded/i.test(headers.get('content-type') ?? '')) return parseJsonObject(body);
  return parseJsonObject(new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload') ?? '');
}

/** `owner/repository` @throws HubError `invalid_request` */
function repositoryOf(target: string | undefined): { owner: string; repo: string } {
  const [, owner, repo] = /^([A-Za-z0-9][A-Za-z0-9-]{0,99})\/([A-Za-z0-9._-]{1,100})$/.exec(target ?? '') ?? [];
  if (owner !== undefined && repo !== undefined && !/^\.{1,2}$/.test(repo)) return { owner, repo };
  throw invalidField('/target', 'must name the repository as owner/repository.', 'pattern');
}

export const githubEvents: WebhookDefinition = {
  id: 'github.events',
  title: 'Webhook of a repository, an organisation or a GitHub App',
  events: eventTypes,
  proof: 'signature',
  maxBodyBytes,
  verify: hmacProof({ header: 'x-hub-signature-256', prefix: 'sha256=' }),
  deliveryId({ headers }) {
    const id = headers.get('x-github-delivery');
    return id !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(id) ? id : undefined;
  },
  kind(delivery) {
    const event = eventOf(delivery);
    const action = payloadOf(delivery)?.['action'];
    return typeof action === 'string' && eventName.test(action) ? `${event ?? 'unknown'}.${action}` : event;
  },
  translate(delivery) {
    const payload = payloadOf(delivery);
    if (payload === undefined) throw new HubError('invalid_request', 'The body is not a payload of GitHub.');
    const event = eventOf(delivery);
    const type = event === undefined ? undefined : typeOf(event, payload);
    return event === undefined || type === undefined ? [] : [{ type, data: dataOf(event, payload) }];
  },
  registration: {
    targetTitle: 'owner/repository',
    async register({ url, secret, events, target }, ctx) {
      const wanted = eventsFor(events);
      if (wanted.length === 0)
        throw invalidField(
          '/events',
          'holds nothing that a webhook of a repository tells; GitHub Apps are told by themselves.',
        );
      const { externalId } = await createHook({ ...repositoryOf(target), url, secret, events: wanted }, ctx);
      return { externalId };
    },
    async deregister({ externalId, target }, ctx) {
      await deleteHook({ ...repositoryOf(target), externalId }, ctx);
    },
  },
};
