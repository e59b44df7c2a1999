import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { HubError } from '@inthub/contracts';

/** Client certificate of an `mtls_cert` credential. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  readonly passphrase?: string;
  /** Fingerprint of the credential; keeps connections of different certificates apart. */
  readonly fingerprint: string;
}

/** A private authority from `config.network.caCertificate`. */
export interface PrivateAuthority {
  readonly pem: string;
  readonly fingerprint: string;
}

/**
 * Reads `config.network.caCertificate`: one or more PEM certificates.
 * @throws HubError `provider_tls_invalid` when there is none in it or one cannot be read.
 */
export function parseAuthority(pem: string): PrivateAuthority {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const refuse = (why: string, cause?: unknown) =>
    new HubError(
      'provider_tls_invalid',
      `config.network.caCertificate ${why}. Paste the authority's certificate as PEM text.`,
      { cause },
    );
  if (certificates.length === 0) throw refuse('holds no PEM certificate');
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw refuse('holds a certificate that cannot be read', error);
    }
  }
  const text = certificates.join('\n');
  return { pem: text, fingerprint: createHash('sha256').update(text).digest('base64url') };
}

/**
 * TLS settings made once for a pool, because reading 150 roots costs milliseconds; undefined where Node's own defaults serve.
 * Node's default roots stay trusted beside the private authority.
 * @throws HubError `credential_unavailable` when the client certificate or its key cannot be used.
 */
export function createTlsContext(
  authority: PrivateAuthority | undefined,
  identity: ClientIdentity | undefined,
): SecureContext | undefined {
  if (authority === undefined && identity === undefined) return undefined;
  const ca = authority === undefined ? {} : { ca: [...getCACertificates('default'), authority.pem] };
  if (identity === undefined) return createSecureContext(ca);
  try {
    const { certificate: cert, privateKey: key, passphrase } = identity;
    return createSecureContext({ ...ca, cert, key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    // OpenSSL's text names the fault (bad decrypt, key values mismatch), never the key.
    const reason = error instanceof Error ? error.message.split(':').at(-1)?.trim().slice(0, 80) : undefined;
    throw new HubError(
      'credential_unavailable',
      `The client certificate cannot be used${reason ? ` (${reason})` : ''}: check certificate, privateKey and passphrase of the mtls_cert credential.`,
    );
  }
}
