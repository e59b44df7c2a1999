import { HubError } from '@inthub/contracts';

/** Major version of the oldest PostgreSQL that the hub runs on. */
export const oldestServer = 15;

/** The refusal of an older server. */
export function serverTooOld(version: string): HubError {
  return new HubError(
    'internal',
    `The database server is PostgreSQL ${version}; the hub needs ${oldestServer} or later. Upgrade it, or leave DATABASE_URL unset for the embedded one.`,
  );
}
