/**
 * What Gitea sends: `X-Gitea-Signature` is the hex HMAC-SHA256 of the payload (docs.gitea.com/usage/webhooks; go-gitea/gitea
 * services/webhook/deliver.go). A webhook of type form is signed over its JSON, not over what arrives, so only JSON is taken.
 */
import { hmacProof, type InboundDelivery, parseJsonObject, type WebhookDefinition } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import { createHook, deleteHook } from './hooks.ts';
import type { GiteaProduct } from './product.ts';
import { dataOf } from './webhook-data.ts';
import { eventsFor, eventTypes, typeOf } from './webhook-events.ts';

/** Payloads hold at most WEBHOOK PAYLOAD_COMMIT_LIMIT (15) commits; one with long texts stays far below this. */
const maxBodyBytes = 10 * 1024 * 1024;
const eventName = /^[a-z][a-z0-9_]{0,63}$/;

/** `owner/repository` @throws HubError `invalid_request` */
function repositoryOf(target: string | undefined): { owner: string; repo: string } {
  const [, owner, repo] = /^([A-Za-z0-9._-]{1,100})\/([A-Za-z0-9._-]{1,100})$/.exec(target ?? '') ?? [];
  const climbs = (name: string) => /^\.{1,2}$/.test(name);
  if (owner !== undefined && repo !== undefined && !climbs(owner) && !climbs(repo)) return { owner, repo };
  throw invalidField('/target', 'must name the repository as owner/repository.', 'pattern');
}

export function webhookOf(product: GiteaProduct): WebhookDefinition {
  const { id, name, hookHeaderPrefix } = product;
  const eventOf = ({ headers }: InboundDelivery) => {
    const event = headers.get(`${hookHeaderPrefix}event`);
    return event !== undefined && eventName.test(event) ? event : undefined;
  };
  return {
    id: `${id}.events`,
    title: 'Webhook of a repository, an organisation or the server',
    events: eventTypes(product),
    proof: 'signature',
    maxBodyBytes,
    verify: hmacProof({ header: `${hookHeaderPrefix}signature` }),
    deliveryId({ headers }) {
      const delivery = headers.get(`${hookHeaderPrefix}delivery`);
      return delivery !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(delivery) ? delivery : undefined;
    },
    kind(delivery) {
      const event = eventOf(delivery);
      const action = parseJsonObject(delivery.body)?.['action'];
      return typeof action === 'string' && eventName.test(action) ? `${event ?? 'unknown'}.${action}` : event;
    },
    translate(delivery) {
      const payload = parseJsonObject(delivery.body);
      if (payload === undefined)
        throw new HubError(
          'invalid_request',
          `The body is not a JSON payload of ${name}; the content type must be JSON.`,
        );
      const event = eventOf(delivery);
      const type = event === undefined ? undefined : typeOf(product, event, payload);
      return event === undefined || type === undefined ? [] : [{ type, data: dataOf(event, payload) }];
    },
    registration: {
      targetTitle: 'owner/repository',
      async register({ url, secret, events, target }, ctx) {
        const wanted = eventsFor(product, events);
        if (wanted.length === 0) throw invalidField('/events', 'holds nothing that a webhook of a repository tells.');
        const { externalId } = await createHook(product, { ...repositoryOf(target), url, secret, events: wanted }, ctx);
        return { externalId };
      },
      async deregister({ externalId, target }, ctx) {
        await deleteHook({ ...repositoryOf(target), externalId }, ctx);
      },
    },
  };
}
