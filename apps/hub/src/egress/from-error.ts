import { type Blame, type ErrorCode, HubError } from '@inthub/contracts';

/** Where the error came up. */
export interface ErrorContext {
  /** `host` or `host:port`, for the message. */
  readonly host: string;
  /** Set when `host` is the proxy, or when the connection ran through one. */
  readonly proxy?: string;
}

interface Row {
  readonly code: ErrorCode;
  readonly text: string;
  readonly blame?: Blame;
  readonly retryable?: boolean;
}

const trust = 'If a private authority issued it, put that authority into config.network.caCertificate.';
const tls = (text: string): Row => ({ code: 'provider_tls_invalid', text });
const unreachable = (text: string, blame?: Blame, retryable?: boolean): Row => ({
  code: 'provider_unreachable',
  text,
  ...(blame === undefined ? {} : { blame }),
  ...(retryable === undefined ? {} : { retryable }),
});

/**
 * By `error.code` of Node, OpenSSL and undici. A peer that refuses or cuts the connection is at fault itself, so that it counts
 * towards its breaker; what never got there is the network's fault.
 */
const rows: Readonly<Record<string, Row>> = {
  ECONNREFUSED: unreachable(
    'refused the connection: nothing listens on this port, or a firewall rejects it',
    'provider',
  ),
  ECONNRESET: unreachable('reset the connection', 'provider'),
  EPIPE: unreachable('closed the connection while the request was being sent', 'provider'),
  UND_ERR_SOCKET: unreachable('closed the connection before the answer was complete', 'provider'),
  UND_ERR_CONNECT_TIMEOUT: unreachable('did not accept a connection in time'),
  ETIMEDOUT: unreachable('did not accept a connection in time'),
  EHOSTUNREACH: unreachable('cannot be reached: no route to this host'),
  ENETUNREACH: unreachable('cannot be reached: no route to its network'),
  EHOSTDOWN: unreachable('is down, says the network'),
  EADDRNOTAVAIL: unreachable('cannot be reached: this machine has no free local address or port', 'hub'),
  EMFILE: unreachable('cannot be reached: this machine has too many open connections', 'hub'),
  EAI_AGAIN: unreachable('cannot be resolved: the name server did not answer'),
  ENOTFOUND: unreachable('does not exist in DNS; check the host name in config.endpoint', 'configuration', false),
  ENODATA: unreachable('has no address in DNS; check the host name in config.endpoint', 'configuration', false),

  CERT_HAS_EXPIRED: tls('presents a TLS certificate that has expired; the provider must renew it'),
  CERT_NOT_YET_VALID: tls(
    "presents a TLS certificate that is not valid yet; check the provider's and this machine's clock",
  ),
  CERT_REVOKED: tls('presents a TLS certificate that was revoked'),
  DEPTH_ZERO_SELF_SIGNED_CERT: tls(
    `presents a self-signed TLS certificate. To trust it, put it into config.network.caCertificate`,
  ),
  SELF_SIGNED_CERT_IN_CHAIN: tls(`presents a TLS certificate of an authority that is not trusted here. ${trust}`),
  UNABLE_TO_GET_ISSUER_CERT: tls(`presents a TLS certificate whose issuer is not known here. ${trust}`),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: tls(`presents a TLS certificate whose issuer is not known here. ${trust}`),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: tls(
    `presents a TLS certificate without its chain, and its issuer is not known here. ${trust}`,
  ),
  INVALID_PURPOSE: tls('presents a TLS certificate that is not meant for servers'),
  INVALID_CA: tls('presents a TLS certificate whose issuer may not issue certificates'),
  ERR_TLS_CERT_ALTNAME_INVALID: tls(
    "presents a TLS certificate for another host name; check config.endpoint or the provider's certificate",
  ),
  ERR_SSL_WRONG_VERSION_NUMBER: tls(
    'does not speak TLS on this port; check whether config.endpoint should start with http://',
  ),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: tls(
    'demands a client certificate; use authMode mtls with an mtls_cert credential',
  ),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: tls(
    'refused the TLS handshake; it may demand a client certificate (authMode mtls)',
  ),
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: tls('did not accept the client certificate of the credential'),
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: tls('did not accept the client certificate: it does not know its authority'),
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: tls('serves no TLS certificate for this host name'),

  UND_ERR_HEADERS_OVERFLOW: { code: 'provider_bad_response', text: 'sent more response headers than the hub accepts' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    code: 'provider_bad_response',
    text: 'sent another number of bytes than it had announced',
    retryable: true,
  },
  UND_ERR_INVALID_ARG: { code: 'connector_failed', text: 'got no request: it was not valid HTTP' },
  UND_ERR_DESTROYED: { code: 'unavailable', text: 'got no answer through: the hub is stopping' },
  UND_ERR_CLOSED: { code: 'unavailable', text: 'got no request: the hub is stopping' },
  HPE: { code: 'provider_bad_response', text: 'does not answer in HTTP/1.1' },
};

/** Any error of the way out as a HubError. What is one already stays as it is. */
export function fromError(error: unknown, context: ErrorContext): HubError {
  if (error instanceof HubError) return error;
  const code = codeOf(error);
  const row = code === undefined ? undefined : findRow(code);
  if (row === undefined) return HubError.from(error);
  const throughProxy = context.proxy !== undefined && row.code === 'provider_unreachable';
  const subject = throughProxy && context.proxy === context.host ? `The proxy ${context.host}` : context.host;
  const message = `${subject} ${row.text}${row.text.endsWith('.') ? '' : '.'}`;
  return new HubError(throughProxy ? 'proxy_failed' : row.code, message, {
    cause: error,
    details: { host: context.host, reason: code },
    ...(row.blame === undefined || throughProxy ? {} : { blame: row.blame }),
    ...(row.retryable === undefined ? {} : { retryable: row.retryable }),
  });
}

function findRow(code: string): Row | undefined {
  if (Object.hasOwn(rows, code)) return rows[code];
  if (/^E[A-Z]{3,}$/.test(code) && code !== 'EPROTO') return unreachable('cannot be reached');
  if (code.startsWith('ERR_SSL_') || code.startsWith('CERT_') || code === 'EPROTO')
    return tls('failed the TLS handshake');
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Several addresses were tried: the first failure speaks for all.
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  // undici's parser does not always put its reason into `code`.
  if (error.name === 'HTTPParserError') return 'HPE';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
