import type { InboundDelivery, WebhookDefinition } from './webhook.ts';
import { type HmacProof, hmacProof } from './webhook-proof.ts';

const secretPrefix = 'whsec_';
const signaturePrefix = 'v1,';
const signatureHeader = 'signature';
const maxSignatures = 8;
const names = ['webhook', 'svix'] as const;

/** The id, time and signatures of a delivery; Svix's own header names mean the same. */
function headerOf({ headers }: InboundDelivery, part: 'id' | 'timestamp' | 'signature'): string | undefined {
  for (const name of names) {
    const value = headers.get(`${name}-${part}`);
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** The parts of a webhook definition that Standard Webhooks 1.0.0 fixes. */
export type StandardWebhook = Required<Pick<WebhookDefinition, 'proof' | 'verify' | 'deliveryId' | 'createSecret'>>;

/**
 * For products that sign by Standard Webhooks: `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, a list of which one `v1`
 * (HMAC-SHA256, base64, over `id.timestamp.body`) has to be right. Asymmetric signatures (`v1a`) are passed over.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 */
export function standardWebhook({ toleranceMs }: Pick<HmacProof, 'toleranceMs'> = {}): StandardWebhook {
  const verifyOne = hmacProof({
    header: signatureHeader,
    encoding: 'base64',
    signed: (delivery) => {
      const id = headerOf(delivery, 'id');
      const timestamp = headerOf(delivery, 'timestamp');
      return id === undefined || timestamp === undefined ? undefined : [`${id}.${timestamp}.`, delivery.body];
    },
    key: keyOf,
    timestampMs: (delivery) => {
      const timestamp = headerOf(delivery, 'timestamp') ?? '';
      return /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : Number.NaN;
    },
    ...(toleranceMs === undefined ? {} : { toleranceMs }),
  });
  return {
    proof: 'signature',
    verify(delivery, secrets) {
      const sent = headerOf(delivery, 'signature');
      if (sent === undefined) return 'missing';
      const signatures = sent.split(' ').filter((signature) => signature.startsWith(signaturePrefix));
      // A sender who rotates has two; more than a few is nobody's honest list.
      for (const signature of signatures.slice(0, maxSignatures)) {
        const verdict = verifyOne(withSignature(delivery, signature.slice(signaturePrefix.length)), secrets);
        if (verdict !== 'invalid') return verdict;
      }
      return 'invalid';
    },
    deliveryId: (delivery) => headerOf(delivery, 'id'),
    createSecret: (random) => `${secretPrefix}${Buffer.from(random).toString('base64')}`,
  };
}

function withSignature(delivery: InboundDelivery, signature: string): InboundDelivery {
  const { headers } = delivery;
  const get = (name: string) => (name === signatureHeader ? signature : headers.get(name));
  return { ...delivery, headers: { get, entries: () => headers.entries() } };
}

function keyOf(secret: string): Uint8Array {
  return Buffer.from(secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret, 'base64');
}
