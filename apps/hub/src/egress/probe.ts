import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, HubError } from '@inthub/contracts';
import { classifyAddress } from './address.ts';
import { createCallBounds } from './call-bounds.ts';
import { readCertificate, type TlsFacts } from './certificate-facts.ts';
import { type Connector, type ConnectorParts, createPinnedConnector } from './connect.ts';
import type { PinnedDns } from './dns.ts';
import type { EgressCore } from './egress-core.ts';
import { fromError } from './from-error.ts';
import type { IntegrationSettings } from './integration-settings.ts';
import type { Target } from './policy.ts';
import { checkTarget, createTunnel } from './proxy.ts';
import type { EgressScope } from './scope.ts';
import { createTlsContext } from './tls.ts';

export type { CertificateFacts, TlsFacts } from './certificate-facts.ts';

/** Whose endpoint is looked at, and within which bounds. */
export type ProbeScope = Pick<EgressScope, 'tenantId' | 'config' | 'allowedHosts' | 'blockedHosts' | 'signal'>;

/** What a TCP connection and a TLS handshake tell of an endpoint. No request is sent and no credential is used. */
export interface ProbeReport {
  /** `host` or `host:port` of the endpoint. */
  readonly host: string;
  /** `host:port` of the proxy on the way; null without one. */
  readonly proxy: string | null;
  /**
   * How far the connection got: over plain http a forwarding proxy connects to the endpoint only for a request, so that only the
   * proxy itself is proved.
   */
  readonly reached: 'endpoint' | 'proxy';
  /** The other end of the socket: the proxy's address where there is one. */
  readonly address: string;
  /** That address is this machine's own. */
  readonly loopback: boolean;
  readonly connectMs: number;
  /** Null for an http endpoint. A handshake that failed is told, not thrown: the connection was made. */
  readonly tls: TlsFacts | HubError | null;
}

export interface Prober {
  /**
   * Connects to the integration's endpoint as a call would: same policy, pinned DNS, proxy and trusted authorities.
   * @throws HubError `offline`, `egress_denied`, `provider_unreachable`, `proxy_failed`, `provider_timeout`, `cancelled`,
   * `unavailable`; `provider_tls_invalid` only for an authority in config that cannot be read.
   */
  probe(scope: ProbeScope): Promise<ProbeReport>;
  /** Probes that went out since start. */
  readonly attempts: number;
  /** Ends what is under way. */
  close(): void;
}

export type ProberParts = Pick<EgressCore, 'watch' | 'rulesOf' | 'readSettings'> & {
  readonly dns: PinnedDns;
  readonly clock: Clock;
};

/** For the connection, and again for the handshake. */
const patienceMs = 10_000;

export function createProber({ dns, clock, watch, rulesOf, readSettings }: ProberParts): Prober {
  const stopping = new AbortController();
  let attempts = 0;

  return {
    get attempts() {
      return attempts;
    },
    close: () => stopping.abort(new HubError('unavailable', 'The hub is stopping.')),
    async probe(scope) {
      const { offline, policy } = await rulesOf(scope.tenantId);
      if (offline !== undefined) throw offline();
      const settings = readSettings(scope, policy);
      const signal = AbortSignal.any([scope.signal, stopping.signal]);
      const bounds = createCallBounds(
        { signal, deadlineMs: Number.POSITIVE_INFINITY, deadlineFrom: 'integration' },
        clock,
        watch,
      );
      const refusal = bounds.refusal(clock.monotonicMs());
      if (refusal !== undefined) throw refusal;
      attempts += 1;
      const holder = createSocketHolder();
      const route = routeOf({ policy, dns }, settings);
      /** Waits, and says in its own words that it took too long. */
      const within = async <Value>(promise: Promise<Value>, late: string): Promise<Value> => {
        try {
          return await bounds.race(promise, clock.monotonicMs() + patienceMs);
        } catch (error) {
          throw error instanceof HubError && error.code === 'provider_timeout'
            ? new HubError('provider_timeout', `${settings.endpoint.host} ${late} within ${patienceMs / 1_000} s.`)
            : error;
        }
      };
      try {
        if (route.guard !== undefined) await within(route.guard(), 'was not resolved');
        const startedMs = clock.monotonicMs();
        const socket = await within(openSocket(route.connect, route.target, holder), 'did not accept a connection');
        const connectMs = clock.monotonicMs() - startedMs;
        const address = socket.remoteAddress ?? '';
        const tls =
          settings.endpoint.protocol === 'http:'
            ? null
            : await within(handshake(socket, settings, holder), 'did not finish the TLS handshake').catch(toTlsError);
        return {
          host: settings.endpoint.host,
          proxy: settings.proxy?.host ?? null,
          reached: route.reached,
          address,
          loopback: classifyAddress(address).kind === 'loopback',
          connectMs,
          tls,
        };
      } finally {
        bounds.leave();
        holder.destroy();
        await route.close();
      }
    },
  };

  function toTlsError(error: unknown): HubError {
    const known = HubError.from(error);
    if (stopping.signal.aborted || known.code === 'cancelled') throw known;
    return known;
  }
}

interface ProbeRoute {
  readonly connect: Connector;
  /** Where the socket itself goes. */
  readonly target: Target;
  readonly reached: ProbeReport['reached'];
  /** Checks that cannot be made while connecting, because the connection goes to the proxy. */
  guard?(): Promise<void>;
  close(): Promise<void>;
}

/** The way that a call would take, but with a bare socket at its end, so that a bad certificate can be looked at. */
function routeOf(parts: ConnectorParts, { endpoint, proxy, authority }: IntegrationSettings): ProbeRoute {
  const bare = (target: Target): Target => ({ ...target, protocol: 'http:' });
  const none = async () => {};
  if (proxy === undefined) {
    const target = bare(endpoint);
    const connect = createPinnedConnector(parts, { target, tls: undefined });
    return { connect, target, reached: 'endpoint', close: none };
  }
  const proxyTls = createTlsContext(authority, undefined);
  if (endpoint.protocol === 'http:') {
    const connect = createPinnedConnector(parts, { target: proxy, tls: proxyTls, proxy: proxy.host });
    return { connect, target: proxy, reached: 'proxy', guard: () => checkTarget(parts, endpoint), close: none };
  }
  const tunnel = createTunnel(parts, { target: bare(endpoint), proxy, tls: undefined, proxyTls });
  return { connect: tunnel.connect, target: bare(endpoint), reached: 'endpoint', close: tunnel.close };
}

/**
 * The socket of a probe, so that it does not outlive it: not even when it comes after nobody waits for it any more. Once TLS has
 * taken a socket over, only the TLS one may be destroyed: Node 24 crashes when the one below goes first.
 */
interface SocketHolder {
  hold(socket: Socket): void;
  destroy(): void;
}

function createSocketHolder(): SocketHolder {
  let held: Socket | undefined;
  let over = false;
  return {
    hold(socket) {
      // Whatever happens to it later is not a crash of the hub.
      socket.on('error', () => {});
      held = socket;
      if (over) socket.destroy();
    },
    destroy() {
      over = true;
      held?.destroy();
    },
  };
}

function openSocket(connect: Connector, target: Target, holder: SocketHolder): Promise<Socket> {
  const { hostname, host, protocol, port } = target;
  return new Promise((resolve, reject) => {
    connect({ hostname, host, protocol, port: String(port) }, (error, socket) => {
      if (error !== null) return reject(fromError(error, { host }));
      holder.hold(socket);
      resolve(socket);
    });
  });
}

/** Accepts any certificate, because it only looks at it: nothing is sent and the connection is closed at once. */
function handshake(socket: Socket, settings: IntegrationSettings, holder: SocketHolder): Promise<TlsFacts> {
  const { hostname, host } = settings.endpoint;
  const context = createTlsContext(settings.authority, undefined);
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      host: hostname,
      // SNI carries names only (RFC 6066 §3).
      servername: isIP(hostname) === 0 ? hostname : '',
      rejectUnauthorized: false,
      ...(context === undefined ? {} : { secureContext: context }),
    });
    holder.hold(secure);
    secure.on('error', (error) => reject(fromError(error, { host })));
    secure.on('close', () => reject(new HubError('provider_unreachable', `${host} closed the TLS handshake.`)));
    secure.on('secureConnect', () => resolve(readCertificate(secure, host)));
  });
}
