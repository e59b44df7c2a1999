import { type InboundDelivery, sameText, type WebhookDefinition, type WebhookVerdict } from '@inthub/connector-sdk';
import type { Addressee, OpenEndpoint } from './endpoint-directory.ts';

/** Why a delivery is not taken; told to the operator, never to the sender. */
export type Refusal =
  | 'unknown_endpoint'
  | 'unknown_webhook'
  | 'no_secret'
  | 'wrong_address'
  | 'verify_failed'
  | Exclude<WebhookVerdict, 'valid'>;

export type Proof =
  | { readonly ok: true; readonly definition: WebhookDefinition; readonly endpoint: OpenEndpoint }
  | { readonly ok: false; readonly refusal: Refusal; readonly cause?: unknown };

export interface ProveOptions {
  readonly addressee: Addressee;
  readonly delivery: InboundDelivery;
  /** The secret part of the address, where there is one. */
  readonly pathSecret: string | undefined;
}

/** Worse news for the operator first: a stale proof is right, a wrong one is not, and a missing one may be a probe. */
const telling: readonly Refusal[] = [
  'stale',
  'verify_failed',
  'invalid',
  'missing',
  'wrong_address',
  'no_secret',
  'unknown_webhook',
];

/**
 * Is the delivery of one of the integration's endpoints? Closed unless a secret says otherwise: an endpoint without one proves nothing,
 * a product that proves nothing itself needs the secret in the address, and a secret in the address that is wrong is never passed over.
 */
export async function proveDelivery({ addressee, delivery, pathSecret }: ProveOptions): Promise<Proof> {
  const definition = addressee.definitions.find((candidate) => recognises(candidate, delivery));
  if (definition === undefined) return { ok: false, refusal: 'unknown_webhook' };
  const now = delivery.receivedAt.getTime();
  const found: Refusal[] = [];
  let cause: unknown;
  for (const endpoint of addressee.endpoints) {
    if (endpoint.webhookId !== definition.id) continue;
    const secrets = endpoint.secrets.filter(({ untilMs }) => now < untilMs).map(({ text }) => text);
    const verdict = await proveBy(definition, secrets, delivery, pathSecret).catch((error: unknown): Refusal => {
      cause = error;
      return 'verify_failed';
    });
    if (verdict === 'valid') return { ok: true, definition, endpoint };
    found.push(verdict);
  }
  const refusal = telling.find((candidate) => found.includes(candidate)) ?? 'unknown_webhook';
  return { ok: false, refusal, ...(cause === undefined ? {} : { cause }) };
}

async function proveBy(
  definition: WebhookDefinition,
  secrets: readonly string[],
  delivery: InboundDelivery,
  pathSecret: string | undefined,
): Promise<Refusal | 'valid'> {
  if (secrets.length === 0) return 'no_secret';
  if (pathSecret !== undefined) {
    let isRight = false;
    for (const secret of secrets) if (sameText(secret, pathSecret)) isRight = true;
    if (!isRight) return 'wrong_address';
  } else if (definition.proof === 'url') {
    return 'missing';
  }
  return definition.verify(delivery, secrets);
}

/** A connector that breaks on a header does not recognise it. */
function recognises(definition: WebhookDefinition, delivery: InboundDelivery): boolean {
  try {
    return definition.recognises?.(delivery) ?? true;
  } catch {
    return false;
  }
}
