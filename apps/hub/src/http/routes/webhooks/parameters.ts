import {
  type DeliveryStatus,
  deliveryStatuses,
  PageQuery,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookSubscription,
} from '@inthub/contracts';
import Type from 'typebox';
import { reference } from '../../schemas.ts';

export const SubscriptionRef = reference<WebhookSubscription>('WebhookSubscription');
export const DeliveryRef = reference<WebhookDelivery>('WebhookDelivery');
export const DeliveryDetailRef = reference<WebhookDeliveryDetail>('WebhookDeliveryDetail');

export const DeliveryParams = Type.Object({
  id: Type.String({ format: 'uuid', description: 'Id of the subscription.' }),
  deliveryId: Type.String({ format: 'uuid', description: 'Id of the delivery, the webhook-id.' }),
});

const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

export const EventFilter = {
  type: Type.Optional(
    Type.String({
      maxLength: 128,
      pattern: '^(\\*|[a-z0-9_]+(\\.[a-z0-9_]+)*(\\.\\*)?)$',
      description: 'Pattern: github.pr.opened, github.* or *.',
    }),
  ),
  since: time('Events from then on.'),
  until: time('Events before then.'),
};

export const DeliveryQuery = Type.Object(
  {
    ...PageQuery.properties,
    ...EventFilter,
    status: Type.Optional(
      Type.String({
        pattern: `^(${deliveryStatuses.join('|')})(,(${deliveryStatuses.join('|')}))*$`,
        description: `One or more, with commas: ${deliveryStatuses.join(', ')}.`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** The pattern above admits nothing else. */
export const statusesOf = (text: string): DeliveryStatus[] => text.split(',') as DeliveryStatus[];

export const Redrive = {
  dryRun: Type.Optional(Type.Boolean({ description: 'Counts and changes nothing.' })),
  pacePerSecond: Type.Optional(
    Type.Number({ minimum: 0.1, maximum: 1_000, description: 'How many a second come due. Default 10.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'At most so many. Default 10,000.' })),
};

/** Without the fields that are absent. */
export function present<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]: Exclude<Fields[Name], undefined>;
  };
}
