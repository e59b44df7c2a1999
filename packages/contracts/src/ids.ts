import { validate as isUuid, v7 as uuidv7 } from 'uuid';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Row ids are UUIDv7 (RFC 9562 §5.7), made by the application, so that they sort by creation time. */
export type TenantId = Branded<'tenant'>;
export type UserId = Branded<'user'>;
export type ApiKeyId = Branded<'api-key'>;
export type IntegrationId = Branded<'integration'>;
export type CredentialId = Branded<'credential'>;
export type EventId = Branded<'event'>;

/** A new UUIDv7, typed as the id that the caller needs. */
export function createId<Id extends string>(): Id {
  return uuidv7() as Id;
}

/** True for any UUID text form; a value that fails must never reach a `uuid` column. */
export function isId(value: string): boolean {
  return isUuid(value);
}
