/** The ends that only show when a credential is opened, on their way into the calendar of what runs out. */
import type { Clock, CredentialMaterial, TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import { noteReferencedEnd } from '../events/events.ts';
import type { Log } from '../telemetry/telemetry.ts';
import type { ResolvedCredential, ResolveRequest } from './credential.ts';
import { termOf } from './credential-end.ts';
import { type StoredCredential, saveEnd } from './credential-repository.ts';

export interface NotedEnds {
  /** Stored before its date could be read: written beside it now. Never throws, since opening does not depend on it. */
  ofStored(tenantId: TenantId, stored: StoredCredential, credential: ResolvedCredential): Promise<void>;
  /** From a file, the environment or an outside vault, where it may have been renewed. Never throws. */
  ofReferenced(request: ResolveRequest, credential: ResolvedCredential): Promise<void>;
}

export interface NotedEndsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is unchanged is written again after this, in case another replica has seen another reference meanwhile. */
const knownMs = 3_600_000;
const mostKnown = 10_000;
/** What is issued for less than this is renewed by whoever issues it; a calendar of those would be noise. */
const shortMs = 2 * 86_400_000;

export function createNotedEnds({ database, clock, log }: NotedEndsDeps): NotedEnds {
  const known = new LRUCache<string, string>({
    max: mostKnown,
    ttl: knownMs,
    ttlResolution: 0,
    // lru-cache takes an entry made at 0 for one without an end, so time begins at 1.
    perf: { now: () => clock.monotonicMs() + 1 },
  });

  const onError = (error: unknown, integrationId: string) =>
    log.warn({ err: error, integrationId }, 'the end of a credential could not be noted');

  return {
    async ofStored(tenantId, stored, { material }) {
      if (stored.expiresAt !== null) return;
      const term = termOf(material);
      if (term === undefined) return;
      await database
        .tenant(tenantId, (tx) => saveEnd(tx, stored, term.endsAt))
        .catch((error) => onError(error, stored.integrationId));
    },

    async ofReferenced({ tenantId, integrationId, authRef }, { material }) {
      if (material.kind === 'webhook_secret') return;
      const expiresAt = lastingEnd(material);
      const kind = material.kind === 'mtls_cert' ? 'client_certificate' : 'credential';
      const key = `${tenantId} ${integrationId}`;
      const seen = `${kind} ${expiresAt?.getTime() ?? ''} ${authRef}`;
      if (known.get(key) === seen) return;
      await database
        .tenant(tenantId, (tx) => noteReferencedEnd(tx, { integrationId, kind, expiresAt }))
        .then(
          () => known.set(key, seen),
          (error) => onError(error, integrationId),
        );
    },
  };
}

function lastingEnd(material: CredentialMaterial): Date | null {
  const term = termOf(material);
  if (term === undefined) return null;
  const { endsAt, issuedAt } = term;
  return issuedAt !== null && endsAt.getTime() - issuedAt.getTime() < shortMs ? null : endsAt;
}
