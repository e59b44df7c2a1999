// What a TLS session tells of the other side's certificates, in plain data.
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { fromError } from './from-error.ts';

export interface CertificateFacts {
  /** One line: `CN=registry.example.com, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly protocol: string | null;
  /** The certificate is trusted, in its time, and for this host. */
  readonly authorized: boolean;
  /** Node's or OpenSSL's code of the first fault found: `CERT_HAS_EXPIRED`; null when authorized. */
  readonly authorizationError: string | null;
  /** The same in words, with the way out. */
  readonly problem: string | null;
  /** What the server sent, its own first, then as far up the chain as is known; at most 8. Empty when it sent none. */
  readonly chain: readonly CertificateFacts[];
  readonly subjectAltName: string | null;
}

const maxChain = 8;
const maxText = 500;

export function readCertificate(secure: TLSSocket, host: string): TlsFacts {
  const code = secure.authorized ? null : codeOf(secure.authorizationError);
  return {
    protocol: secure.getProtocol(),
    authorized: secure.authorized,
    authorizationError: code,
    problem: code === null ? null : explain(code, host),
    chain: chainOf(secure),
    subjectAltName: secure.getPeerX509Certificate()?.subjectAltName?.slice(0, maxText) ?? null,
  };
}

/** Node gives the issuers only through the older form of a certificate; a root is its own issuer there. */
function chainOf(secure: TLSSocket): CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  const seen = new Set<string>();
  let at: DetailedPeerCertificate | undefined = secure.getPeerCertificate(true);
  while (at?.raw !== undefined && !seen.has(at.fingerprint256) && chain.length < maxChain) {
    seen.add(at.fingerprint256);
    chain.push(factsOf(new X509Certificate(at.raw)));
    at = at.issuerCertificate;
  }
  return chain;
}

function factsOf({ subject, issuer, validFromDate, validToDate }: X509Certificate): CertificateFacts {
  return { subject: oneLine(subject), issuer: oneLine(issuer), validFrom: validFromDate, validTo: validToDate };
}

/** A certificate may hold no name at all. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ').slice(0, maxText);
}

/** Node declares an Error and sets a text, or an error's code. */
function codeOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return typeof error === 'string' && error !== '' ? error : 'UNKNOWN';
}

function explain(code: string, host: string): string {
  const { message } = fromError(Object.assign(new Error(code), { code }), { host });
  return message;
}
