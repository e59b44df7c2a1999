/** A private certificate authority for tests: server certificates good and bad, client certificates, all made in memory. */
import { randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { installReflectMetadata } from './reflect-metadata.ts';

export interface CreateAuthorityOptions {
  /** Common name of the authority. Default "Integration Hub test CA". */
  name?: string;
}

export interface IssueOptions {
  /** DNS names and IP addresses the certificate is for. Empty for a client certificate. */
  hosts: readonly string[];
  /** Default: one day ago. */
  notBefore?: Date;
  /** Default: in 30 days. Put it in the past for an expired certificate. */
  notAfter?: Date;
  /** `server` (default) or `client` (mutual TLS): sets the extended key usage. */
  usage?: 'server' | 'client';
  /** Default: the first host, or "client". */
  commonName?: string;
  /** Default `ec` (P-256, SHA-256). */
  keyType?: KeyType;
}

export type KeyType = 'ec' | 'rsa';

export interface IssuedCertificate {
  certPem: string;
  /** PKCS #8. */
  keyPem: string;
}

export interface CertificateAuthority {
  /** The root certificate that clients trust. */
  caPem: string;
  /** A certificate signed by this authority. */
  issue(options: IssueOptions): Promise<IssuedCertificate>;
}

const dayMs = 86_400_000;

const algorithms = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
} as const;

/** Makes a new authority; two authorities never trust each other's certificates. */
export async function createAuthority(options: CreateAuthorityOptions = {}): Promise<CertificateAuthority> {
  const x509 = await loadX509();
  const keys = await createKeys('ec');
  const subject = new x509.Name([{ CN: [options.name ?? 'Integration Hub test CA'] }]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerialNumber(),
    name: subject.toString(),
    notBefore: new Date(Date.now() - 400 * dayMs),
    notAfter: new Date(Date.now() + 400 * dayMs),
    signingAlgorithm: algorithms.ec,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  return {
    caPem: pemText(root.toString('pem')),
    async issue({ hosts, notBefore, notAfter, usage = 'server', commonName, keyType = 'ec' }) {
      const own = await createKeys(keyType);
      const name = new x509.Name([{ CN: [commonName ?? hosts[0] ?? 'client'] }]);
      const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: createSerialNumber(),
        subject: name.toString(),
        issuer: root.subject,
        notBefore: notBefore ?? new Date(Date.now() - dayMs),
        notAfter: notAfter ?? new Date(Date.now() + 30 * dayMs),
        signingAlgorithm: algorithms.ec,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(root),
          ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
      });
      return { certPem: pemText(certificate.toString('pem')), keyPem: await privateKeyPem(own.privateKey) };
    },
  };
}

/** A certificate signed by its own key (token issuers publish one), with its key pair. */
export async function createSelfSigned(
  commonName: string,
  keyType: KeyType,
): Promise<IssuedCertificate & { keys: webcrypto.CryptoKeyPair }> {
  const x509 = await loadX509();
  const keys = await createKeys(keyType);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerialNumber(),
    name: new x509.Name([{ CN: [commonName] }]).toString(),
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    signingAlgorithm: algorithms[keyType],
    keys,
  });
  return { certPem: pemText(certificate.toString('pem')), keyPem: await privateKeyPem(keys.privateKey), keys };
}

/** The certificate as standard base64 of its DER, the form of a JOSE `x5c` member (RFC 7515 §4.1.6). */
export function certificateBase64(certPem: string): string {
  return new X509Certificate(certPem).raw.toString('base64');
}

/** Loaded on first use: most suites import this package without making certificates. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  installReflectMetadata();
  return import('@peculiar/x509');
}

async function createKeys(keyType: KeyType): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithms[keyType], true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}(?!$)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

// Positive and of fixed length (RFC 5280 §4.1.2.2).
function createSerialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function pemText(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
