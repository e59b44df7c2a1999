import type { WebhookDefinition } from '@inthub/connector-sdk';
import type { StoredEndpoint } from './endpoint-repository.ts';

/** A kind of delivery that an integration can take in. */
export interface WebhookKind {
  readonly id: string;
  readonly title: string;
  readonly events: readonly string[];
  /** How deliveries prove where they come from; with `url` the address holds the secret. */
  readonly proof: WebhookDefinition['proof'];
  /** `product`: the product shows the secret, and it is given to the hub when the endpoint is made. */
  readonly secretFrom: 'hub' | 'product';
  /** Whether the hub can make the webhook at the product, and what `target` then names; null: not at all. */
  readonly registration: { readonly targetTitle: string | null } | null;
}

/** An endpoint as it is shown; its secret only once. */
export interface EndpointView {
  readonly id: string;
  readonly integrationId: string;
  readonly webhookId: string;
  /** Where the product sends to. With `proof: url` the secret part is left out. */
  readonly url: string;
  readonly proof: WebhookDefinition['proof'];
  /** Events that are wanted. */
  readonly events: readonly string[];
  /** Null: the operator sets it up at the product. */
  readonly registration: { readonly target: string | null; readonly externalId: string } | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly rotatedAt: string | null;
  /** Until when the secret before the present one is accepted. */
  readonly previousSecretUntil: string | null;
}

/** An endpoint with what is shown once, when it is made or its secret is rotated. */
export interface EndpointWithSecret extends EndpointView {
  readonly secret: string;
}

export function kindView({ id, title, events, proof, secretFrom, registration }: WebhookDefinition): WebhookKind {
  return {
    id,
    title,
    events,
    proof,
    secretFrom: secretFrom ?? 'hub',
    registration: registration === undefined ? null : { targetTitle: registration.targetTitle ?? null },
  };
}

interface ViewOptions {
  readonly publicUrl: string;
  readonly now: Date;
}

export function endpointView(
  endpoint: StoredEndpoint,
  definition: WebhookDefinition | undefined,
  { publicUrl, now }: ViewOptions,
): EndpointView {
  const { externalId, previous } = endpoint;
  return {
    id: endpoint.id,
    integrationId: endpoint.integrationId,
    webhookId: endpoint.webhookId,
    url: `${publicUrl}/v1/webhooks/${endpoint.integrationId}`,
    proof: definition?.proof ?? 'signature',
    events: endpoint.eventTypes,
    registration: externalId === null ? null : { target: endpoint.target, externalId },
    createdAt: endpoint.createdAt.toISOString(),
    createdBy: endpoint.createdBy,
    rotatedAt: endpoint.rotatedAt?.toISOString() ?? null,
    previousSecretUntil: previous !== null && previous.until > now ? previous.until.toISOString() : null,
  };
}

/** With what is shown once: the secret, and the address that holds it where it is the proof. */
export function endpointWithSecret(
  endpoint: StoredEndpoint,
  definition: WebhookDefinition,
  { secret, ...options }: ViewOptions & { readonly secret: string },
): EndpointWithSecret {
  const view = endpointView(endpoint, definition, options);
  const url = definition.proof === 'url' ? `${view.url}/${encodeURIComponent(secret)}` : view.url;
  return { ...view, url, secret };
}
