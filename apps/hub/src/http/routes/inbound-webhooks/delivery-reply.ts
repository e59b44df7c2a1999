import type { WebhookAnswer } from '@inthub/connector-sdk';
import Type from 'typebox';
import type { AcceptedDelivery } from '../../../webhooks/webhooks.ts';
import { jsonHeaders, type WholeAnswer } from '../../raw-answer.ts';

export const Receipt = Type.Object(
  {
    accepted: Type.Boolean(),
    eventId: Type.Union([Type.String(), Type.Null()], {
      description: 'Id of the delivery; its events carry it as their correlation id.',
    }),
    eventType: Type.Union([Type.String(), Type.Null()], { description: 'The product’s name of what happened.' }),
    error: Type.Union([Type.String(), Type.Null()]),
    duplicate: Type.Boolean({ description: 'It was stored before; nothing was done.' }),
  },
  { $id: 'WebhookReceipt' },
);

/** What a product hears: what it wants to hear where it has a form of its own, else the hub's receipt. */
export function deliveryReply(outcome: AcceptedDelivery | WebhookAnswer): WholeAnswer {
  if ('status' in outcome) return ownReply(outcome);
  const { deliveryId, kind, duplicate, receipt } = outcome;
  if (receipt !== undefined) return ownReply(receipt);
  const shown: Type.Static<typeof Receipt> = {
    accepted: true,
    eventId: deliveryId,
    eventType: kind,
    error: null,
    duplicate,
  };
  return { status: duplicate ? 200 : 202, headers: jsonHeaders, body: JSON.stringify(shown) };
}

function ownReply({ status, contentType, body }: WebhookAnswer): WholeAnswer {
  // Has no content, and so no type of it.
  if (status === 204 || status === 304) return { status, headers: [], body: '' };
  // Fastify would add it.
  const charset = /json/i.test(contentType) && !/charset/i.test(contentType) ? '; charset=utf-8' : '';
  return { status, headers: ['content-type', `${contentType}${charset}`], body };
}
