import { HubError } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import { checkValue, decodeProviderText } from './schema-validator.ts';
import type { InboundDelivery } from './webhook.ts';

/**
 * The body of a delivery as JSON, checked against `schema`.
 * @throws HubError `invalid_request` when it is not JSON, or not what the product sends.
 */
export function deliveryJson<Schema extends TSchema>({ body }: InboundDelivery, schema: Schema): Static<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(decodeProviderText(body));
  } catch (cause) {
    throw new HubError('invalid_request', 'The body is not JSON.', { cause });
  }
  const [fault] = checkValue(schema, value);
  if (fault === undefined) return value as Static<Schema>;
  throw new HubError(
    'invalid_request',
    `The body is not what the product sends: ${fault.path || '/'} ${fault.message}`,
  );
}

/** The same without a complaint: undefined for any other body. For `kind` and `deliveryId`, which never throw. */
export function findDeliveryJson<Schema extends TSchema>(
  delivery: InboundDelivery,
  schema: Schema,
): Static<Schema> | undefined {
  try {
    return deliveryJson(delivery, schema);
  } catch {
    return undefined;
  }
}
