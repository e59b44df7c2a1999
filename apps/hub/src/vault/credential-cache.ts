import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { ResolvedCredential, ResolveRequest } from './credential.ts';

const freshMs = 10_000;
const maxEntries = 1000;

/** An opened credential and the integration in whose slot it is stored (itself or another one of the tenant). */
export interface OpenedCredential {
  readonly credential: ResolvedCredential;
  readonly sourceIntegrationId: string | null;
}

/** Opened credentials for a few seconds; callers at the same time share one opening. Failures are not remembered. */
export interface CredentialCache {
  /** At once what is known, unless that is what was refused. */
  get(request: ResolveRequest, open: () => Promise<OpenedCredential>): ResolvedCredential | Promise<ResolvedCredential>;
  /** Drops what belongs to, or was opened from, an integration. What is being opened at this moment is neither shared nor kept. */
  forget(tenantId: string, integrationId: string): void;
}

interface Entry extends OpenedCredential {
  readonly tenantId: string;
  readonly integrationId: string;
}

export function createCredentialCache(clock: Clock): CredentialCache {
  const opened = new LRUCache<string, Entry>({
    max: maxEntries,
    ttl: freshMs,
    ttlResolution: 0,
    // lru-cache takes an entry made at 0 for one without an end, so time begins at 1.
    perf: { now: () => clock.monotonicMs() + 1 },
  });
  let underWay = new Map<string, Promise<Entry>>();

  async function run(
    key: string,
    request: ResolveRequest,
    open: () => Promise<OpenedCredential>,
    mine: typeof underWay,
  ) {
    try {
      const { tenantId, integrationId } = request;
      const entry: Entry = { ...(await open()), tenantId, integrationId };
      // A forget starts a new map: then this opening may have read what is no longer so.
      if (mine === underWay) opened.set(key, entry);
      return entry;
    } finally {
      mine.delete(key);
    }
  }

  return {
    get(request, open) {
      // Only the last part can hold a space.
      const key = `${request.tenantId} ${request.integrationId} ${request.kind} ${request.authRef}`;
      const known = opened.get(key);
      if (known !== undefined && known.credential.fingerprint !== request.refused) return known.credential;
      let opening = underWay.get(key);
      if (opening === undefined) {
        opening = run(key, request, open, underWay);
        underWay.set(key, opening);
      }
      return opening.then(({ credential }) => credential);
    },
    forget(tenantId, integrationId) {
      underWay = new Map();
      for (const [key, entry] of opened.entries()) {
        const concerned = entry.integrationId === integrationId || entry.sourceIntegrationId === integrationId;
        if (entry.tenantId === tenantId && concerned) opened.delete(key);
      }
    },
  };
}
