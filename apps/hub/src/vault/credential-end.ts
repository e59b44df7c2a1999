import { X509Certificate } from 'node:crypto';
import type { CredentialMaterial } from '@inthub/contracts';
import { decodeJwt } from 'jose';

/** How long material is good for, by what it says itself. */
export interface Term {
  readonly endsAt: Date;
  /** When it was issued, where that is told too. */
  readonly issuedAt: Date | null;
}

/** More than any chain that a server would accept. */
const maxChain = 8;
/** From here on the date says that there is none: RFC 5280 §4.1.2.5 has 99991231235959Z for certificates without an end. */
const noEndMs = Date.parse('9999-12-31T00:00:00Z');

/**
 * When the material stops working: the first certificate of a client's chain to end, the `exp` of a token that is a JWT (RFC 7519 §4.1.4), the
 * date that came with an OAuth token. Undefined where it does not tell, which is most material: an App's private key, a password or an opaque
 * token ends when somebody at the product says so. Nothing is verified here, and nothing refused: what cannot be read tells no date.
 */
export function termOf(material: CredentialMaterial): Term | undefined {
  switch (material.kind) {
    case 'mtls_cert':
      return termOfChain(material.certificate);
    case 'oauth2_token':
      if (material.expiresAt === undefined) return termOfToken(material.accessToken);
      return termBetween(null, Date.parse(material.expiresAt));
    case 'bearer_token':
      return termOfToken(material.token);
    case 'api_key':
      return termOfToken(material.key);
    case 'basic_auth':
      return termOfToken(material.password);
    case 'service_account':
    case 'webhook_secret':
    case 'github_app':
      return undefined;
  }
}

/** Roots do not count: the server trusts its own copy. */
function termOfChain(pem: string): Term | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const terms = blocks.slice(0, maxChain).flatMap((block, at) => {
    const certificate = readCertificate(block);
    if (certificate === undefined || (at > 0 && certificate.subject === certificate.issuer)) return [];
    return termBetween(certificate.validFromDate.getTime(), certificate.validToDate.getTime()) ?? [];
  });
  return terms.reduce<Term | undefined>(
    (first, term) => (first !== undefined && first.endsAt <= term.endsAt ? first : term),
    undefined,
  );
}

function readCertificate(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined; // Whoever uses it is told so by egress, with the remedy.
  }
}

function termOfToken(token: string): Term | undefined {
  try {
    const { exp, iat, nbf } = decodeJwt(token);
    return typeof exp === 'number' ? termBetween(seconds(iat) ?? seconds(nbf), exp * 1_000) : undefined;
  } catch {
    return undefined; // Not a JWT.
  }
}

const seconds = (value: unknown) => (typeof value === 'number' ? value * 1_000 : null);

function termBetween(fromMs: number | null, toMs: number): Term | undefined {
  const endsAt = dateOf(toMs);
  return endsAt && { endsAt, issuedAt: fromMs === null ? null : (dateOf(fromMs) ?? null) };
}

function dateOf(ms: number): Date | undefined {
  return ms > 0 && ms < noEndMs ? new Date(ms) : undefined;
}
