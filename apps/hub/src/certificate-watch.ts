// The dates of providers' certificates for the calendar of what runs out, beside those that the doctor sees when somebody asks it.
import { type Clock, HubError, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Egress } from './egress/egress.ts';
import type { ExpiryCalendar } from './events/events.ts';
import type { ConnectorRegistry, InstalledIntegration } from './runtime/runtime.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface CertificateWatch {
  /** A connection test has reached the integration's provider. Returns at once; looks at most once a day at each endpoint. */
  reached(tenantId: TenantId, integrationId: string): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface CertificateWatchDeps {
  readonly probe: Egress['probe'];
  readonly find: (
    tenantId: TenantId,
    integrationId: string,
  ) => InstalledIntegration | undefined | Promise<InstalledIntegration | undefined>;
  readonly registry: Pick<ConnectorRegistry, 'find'>;
  readonly expiries: Pick<ExpiryCalendar, 'noteCertificate'>;
  readonly clock: Clock;
  readonly log: Log;
}

const everyMs = 86_400_000;
/** Those that find no place are looked at after their next connection test. */
const mostUnderWay = 4;
const mostRemembered = 20_000;

/**
 * A connection of egress is open for calls and says nothing of its certificate; a probe of its own costs one TLS handshake a day and endpoint, by the
 * same policy, proxy and authorities, and holds up no call.
 */
export function createCertificateWatch(deps: CertificateWatchDeps): CertificateWatch {
  const { probe, find, registry, expiries, clock, log } = deps;
  const lookedMs = new LRUCache<string, number>({ max: mostRemembered });
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function look(tenantId: TenantId, integrationId: string): Promise<void> {
    const integration = await find(tenantId, integrationId);
    if (integration === undefined || stopping.signal.aborted) return;
    const { config, connectorId } = integration;
    const key = `${integrationId} ${config.endpoint}`;
    const nowMs = clock.monotonicMs();
    if (nowMs - (lookedMs.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    lookedMs.set(key, nowMs);
    const expiresAt = isSecure(config.endpoint) ? await validUntil(integration) : null;
    if (expiresAt !== undefined) await expiries.noteCertificate(tenantId, { integrationId, connectorId, expiresAt });
  }

  /** Undefined when the handshake tells nothing. */
  async function validUntil({ tenantId, config, connectorId, grant }: InstalledIntegration): Promise<Date | undefined> {
    const { tls } = await probe({
      tenantId,
      config,
      allowedHosts: [
        ...(registry.find(connectorId)?.definition.manifest.egress.hosts ?? []),
        ...(grant?.networkScope.allowedDomains ?? []),
      ],
      blockedHosts: grant?.networkScope.blockedDomains ?? [],
      signal: stopping.signal,
    });
    return tls === null || tls instanceof HubError ? undefined : tls.chain[0]?.validTo;
  }

  return {
    reached(tenantId, integrationId) {
      if (stopping.signal.aborted || underWay.size >= mostUnderWay) return;
      const work = look(tenantId, integrationId)
        .catch((error) => log.debug({ err: error, tenantId, integrationId }, 'no look at the certificate'))
        .finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async stop() {
      stopping.abort(new HubError('unavailable', 'The hub is stopping.'));
      await Promise.all(underWay);
    },
  };
}

function isSecure(endpoint: string): boolean {
  return URL.canParse(endpoint) && new URL(endpoint).protocol === 'https:';
}
