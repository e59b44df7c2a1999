import type { Log } from './telemetry/telemetry.ts';

export interface WarnOfMissingKeysOptions {
  readonly held: readonly { readonly id: string }[];
  readonly keysInUse: () => Promise<ReadonlyMap<string, number>>;
  readonly log: Log;
}

/** Says early what would otherwise be found out when a credential is needed. Never holds up or ends the start. */
export async function warnOfMissingKeys({ held, keysInUse, log }: WarnOfMissingKeysOptions): Promise<void> {
  try {
    for (const [keyId, credentials] of await keysInUse()) {
      if (held.some((key) => key.id === keyId)) continue;
      log.error(
        { keyId, credentials },
        'credentials are sealed under a key-encryption key that is not here: add it back',
      );
    }
  } catch (error) {
    log.warn({ err: error }, 'could not check which key-encryption keys are in use');
  }
}
