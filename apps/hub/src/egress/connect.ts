import { isIP, type LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import type { PinnedDns } from './dns.ts';
import { fromError } from './from-error.ts';
import type { EgressPolicy, Target } from './policy.ts';

/** Opens sockets for one origin. */
export type Connector = buildConnector.connector;

export interface ConnectorParts {
  readonly policy: EgressPolicy;
  readonly dns: PinnedDns;
}

/** How long a TCP connection with its TLS handshake may take. */
export const connectTimeoutMs = 10_000;

/**
 * Connects to one target and to nothing else: the name is resolved once for the connection, every address is checked, and the
 * socket goes to one of the checked addresses. The name stays in SNI, certificate check and Host.
 * Every failure leaves as a HubError: undici retries some of its own codes by itself, endlessly.
 */
export function createPinnedConnector(
  { policy, dns }: ConnectorParts,
  options: { target: Target; tls: SecureContext | undefined; proxy?: string },
): Connector {
  const { target, tls, proxy } = options;
  const lookup: LookupFunction = (_hostname, { all }, done) => {
    dns.resolve(target, policy).then(
      (addresses) => {
        if (all === true) return done(null, [...addresses]);
        const [first] = addresses;
        done(null, first?.address ?? '', first?.family ?? 4);
      },
      (error: Error) => done(error, '', 4),
    );
  };
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    lookup,
    ...(tls && { secureContext: tls }),
  });
  const context = { host: target.host, ...(proxy === undefined ? {} : { proxy }) };

  return (request, callback) => {
    try {
      // Node does not call `lookup` for a literal address.
      if (isIP(target.hostname) !== 0) policy.checkAddress(target.hostname, target);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(request, (error, socket) => {
      if (error !== null) {
        callback(fromError(error, context), null);
        return;
      }
      try {
        // The last word: whatever happened above, this is where the bytes go.
        policy.checkAddress(socket.remoteAddress ?? '', target);
      } catch (refused) {
        socket.on('error', () => {}).destroy();
        callback(refused as Error, null);
        return;
      }
      callback(null, socket);
    });
  };
}
