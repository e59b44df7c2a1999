import { type Clock, HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import { createPinnedConnector } from './connect.ts';
import type { PinnedDns } from './dns.ts';
import type { EgressPolicy, Target } from './policy.ts';
import { checkTarget, createTunnel } from './proxy.ts';
import { type ClientIdentity, createTlsContext, type PrivateAuthority } from './tls.ts';

/** Which connections may be shared: never between tenants, policies, client certificates, trusted authorities or proxies. */
export interface Route {
  readonly tenantId: string;
  readonly policy: EgressPolicy;
  readonly target: Target;
  readonly authority: PrivateAuthority | undefined;
  readonly identity: ClientIdentity | undefined;
  readonly proxy: Target | undefined;
}

/** The connections of one route. */
export interface RoutePool {
  readonly pool: Pool;
  /** Put before the path: the target's origin where a proxy forwards plain http (RFC 9112 §3.2.2), else nothing. */
  readonly pathPrefix: string;
  /** Checks that cannot be made while connecting, because the connection goes to the proxy. */
  readonly guard: (() => Promise<void>) | undefined;
  /** Requests sent or waiting for a connection. */
  inFlight: number;
}

interface OpenPool extends RoutePool {
  /** `Clock.monotonicMs` value after which new requests get a new pool. */
  readonly untilMs: number;
  close(): Promise<void>;
}

export interface Pools {
  /** @throws HubError `unavailable` when too many requests already wait for this route, `credential_unavailable`. */
  get(route: Route): RoutePool;
  close(): Promise<void>;
}

/** The least recently used pool makes room; its requests in flight end first. */
const maxPools = 1_000;
const maxConnections = 64;
const maxWaiting = 1_024;
/** Below the idle limit of common servers and balancers (Node 5 s says so in Keep-Alive, which undici heeds; nginx 75 s, AWS 60 s). */
const keepAliveMs = 15_000;
const maxKeepAliveMs = 60_000;
/** A busy connection is not kept longer, so that a name that moved is followed and a new exception list counts. */
const maxPoolAgeMs = 300_000;
const maxHeaderBytes = 32_768;

export function createPools({ dns, clock }: { readonly dns: PinnedDns; readonly clock: Clock }): Pools {
  const retiring = new Set<OpenPool>();
  const cache = new LRUCache<string, OpenPool>({
    max: maxPools,
    dispose: (entry, _key, reason) => {
      if (reason !== 'delete') retire(entry);
    },
  });
  let closed = false;

  /** Graceful: what is in flight ends by itself, within its own time limit. */
  function retire(entry: OpenPool): void {
    retiring.add(entry);
    void entry.pool
      .close()
      .then(() => entry.close())
      .finally(() => retiring.delete(entry));
  }

  function open(route: Route): OpenPool {
    const { policy, target, proxy } = route;
    const parts = { policy, dns };
    const tls = createTlsContext(route.authority, route.identity);
    const forwarded = proxy !== undefined && target.protocol === 'http:';
    const tunnel =
      proxy === undefined || forwarded
        ? undefined
        : createTunnel(parts, { target, proxy, tls, proxyTls: createTlsContext(route.authority, undefined) });
    const connect =
      tunnel?.connect ??
      createPinnedConnector(parts, {
        target: forwarded ? proxy : target,
        tls: forwarded ? createTlsContext(route.authority, undefined) : tls,
        ...(proxy === undefined ? {} : { proxy: proxy.host }),
      });
    const pool = new Pool(forwarded ? proxy.origin : target.origin, {
      connect,
      connections: maxConnections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: maxKeepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      // Time limits come from the deadline watch, to the millisecond; undici's are off.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return {
      pool,
      pathPrefix: forwarded ? target.origin : '',
      guard: forwarded ? () => checkTarget(parts, target) : undefined,
      inFlight: 0,
      untilMs: clock.monotonicMs() + maxPoolAgeMs,
      close: async () => tunnel?.close(),
    };
  }

  return {
    get(route) {
      if (closed) throw new HubError('unavailable', 'The hub is stopping.');
      const key = keyOf(route);
      let entry = cache.get(key);
      if (entry === undefined || clock.monotonicMs() >= entry.untilMs) {
        entry = open(route);
        cache.set(key, entry);
      }
      if (entry.inFlight >= maxConnections + maxWaiting) {
        throw new HubError('unavailable', `Too many requests already wait for a connection to ${route.target.host}.`, {
          retryAfterMs: 1_000,
        });
      }
      return entry;
    },
    async close() {
      closed = true;
      const entries = [...cache.values(), ...retiring];
      cache.clear();
      await Promise.all(entries.map(async (entry) => Promise.all([entry.pool.destroy(), entry.close()])));
    },
  };
}

function keyOf({ tenantId, policy, target, authority, identity, proxy }: Route): string {
  const plain = policy.key === '' ? `${tenantId} ${target.origin}` : `${tenantId} ${target.origin} ${policy.key}`;
  if (authority === undefined && identity === undefined && proxy === undefined) return plain;
  return `${plain} ${authority?.fingerprint ?? '-'} ${identity?.fingerprint ?? '-'} ${proxy?.origin ?? '-'}`;
}
