import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { HubError } from '@inthub/contracts';
import { buildConnector, Pool } from 'undici';
import { type Connector, type ConnectorParts, connectTimeoutMs, createPinnedConnector } from './connect.ts';
import { fromError } from './from-error.ts';
import type { Target } from './policy.ts';

/** Sockets that reach `target` through a CONNECT tunnel (RFC 9110 §9.3.6) of the proxy. */
export interface Tunnel {
  readonly connect: Connector;
  close(): Promise<void>;
}

export interface TunnelOptions {
  readonly target: Target;
  readonly proxy: Target;
  /** For the TLS session with the target. */
  readonly tls: SecureContext | undefined;
  /** For an https proxy itself. */
  readonly proxyTls: SecureContext | undefined;
}

const maxOpening = 16;

/**
 * The proxy's own address passes the same guard as any other. The target's name is resolved here too, where this machine can, and
 * refused when it points inside; the proxy then resolves it again, and what it reaches after that is the proxy's own policy.
 */
export function createTunnel(parts: ConnectorParts, { target, proxy, tls, proxyTls }: TunnelOptions): Tunnel {
  const opening = new Pool(proxy.origin, {
    connect: createPinnedConnector(parts, { target: proxy, tls: proxyTls, proxy: proxy.host }),
    connections: maxOpening,
    allowH2: false,
    headersTimeout: connectTimeoutMs,
  });
  const startTls = buildConnector({ allowH2: false, timeout: connectTimeoutMs, ...(tls && { secureContext: tls }) });
  const bracketed = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  const authority = `${bracketed}:${target.port}`;

  async function openTunnel(): Promise<Socket> {
    await checkTarget(parts, target);
    const { statusCode, socket } = await opening.connect({ path: authority, headers: { host: authority } });
    if (statusCode === 200) return socket as Socket;
    socket.on('error', () => {}).destroy();
    throw refusedBy(proxy, target, statusCode);
  }

  return {
    connect(request, callback) {
      openTunnel().then(
        (socket) => {
          if (target.protocol === 'http:') return callback(null, socket);
          startTls({ ...request, httpSocket: socket }, (error, secure) => {
            if (error !== null) callback(fromError(error, { host: target.host, proxy: proxy.host }), null);
            else callback(null, secure);
          });
        },
        (error: unknown) => callback(fromError(error, { host: proxy.host, proxy: proxy.host }), null),
      );
    },
    close: () => opening.destroy(),
  };
}

/** @throws HubError `egress_denied`. A name that only the proxy can resolve passes. */
export async function checkTarget({ policy, dns }: ConnectorParts, target: Target): Promise<void> {
  if (isIP(target.hostname) !== 0) return policy.checkAddress(target.hostname, target);
  try {
    await dns.resolve(target, policy);
  } catch (error) {
    if (error instanceof HubError && error.code === 'egress_denied') throw error;
  }
}

function refusedBy(proxy: Target, target: Target, status: number): HubError {
  const why =
    status === 407
      ? 'demands credentials, which the hub does not send to proxies; let it accept this machine by address'
      : status === 403
        ? "does not allow it; ask the proxy's operator"
        : 'failed to connect';
  return new HubError('proxy_failed', `The proxy ${proxy.host} answered ${status} for ${target.host}: it ${why}.`, {
    details: { proxy: proxy.host, status },
    retryable: status >= 500,
  });
}
