/** Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md (1.0.0), sections on payload, headers and signatures. */
import {
  checkValue,
  decodeProviderText,
  standardWebhook,
  type TranslatedEvent,
  type WebhookDefinition,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { Payload } from './schema.ts';

export const standardWebhooks: WebhookDefinition = {
  ...standardWebhook(),
  id: 'webhook.standard',
  title: 'Standard Webhooks',
  events: ['webhook.event.received'],
  kind: ({ body }) => {
    try {
      return typeOf(parse(body));
    } catch {
      return undefined;
    }
  },
  translate({ body, headers }): readonly TranslatedEvent[] {
    const payload = parse(body);
    const id = headers.get('webhook-id') ?? headers.get('svix-id') ?? null;
    return [{ type: 'webhook.event.received', data: { id, type: typeOf(payload) ?? null, payload } }];
  },
};

function typeOf(payload: unknown): string | undefined {
  return checkValue(Payload, payload).length === 0 ? (payload as { type: string }).type : undefined;
}

/** @throws HubError `invalid_request` */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeProviderText(body));
  } catch (cause) {
    throw new HubError('invalid_request', 'The body is not JSON.', { cause });
  }
}
