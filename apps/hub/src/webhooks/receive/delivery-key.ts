import { createHash, hash } from 'node:crypto';

/**
 * What tells a delivery from others of the same integration: the product's own id where it sends one, else its kind and body. SHA-256 in
 * hexadecimal, so that every key is of one length, whatever the product sends.
 */
export function deliveryKey(delivery: {
  readonly webhookId: string;
  readonly externalId: string | undefined;
  readonly kind: string | undefined;
  readonly body: Uint8Array;
}): string {
  // As JSON, so that no two of these can read alike.
  if (delivery.externalId !== undefined)
    return hash('sha256', JSON.stringify(['id', delivery.webhookId, delivery.externalId]));
  return createHash('sha256')
    .update(JSON.stringify(['body', delivery.webhookId, delivery.kind ?? null]))
    .update(delivery.body)
    .digest('hex');
}
