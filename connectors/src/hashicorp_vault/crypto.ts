import { X509Certificate } from 'node:crypto';
import type { VaultHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { mountPath, read, write } from './api.ts';
import { Certificate, Decrypted, Encrypted, Issued } from './schema.ts';

export const transitHandlers: Pick<Required<VaultHandlers>, 'transit.encrypt' | 'transit.decrypt'> = {
  'transit.encrypt': async ({ key, plaintext, plaintextBase64, context }, ctx) => {
    const json = { plaintext: plaintextBase64 ?? Buffer.from(plaintext ?? '').toString('base64'), context };
    const path = mountPath('transitMount', ctx, 'encrypt', key);
    const { data } = await (await write(path, json, ctx, { idempotent: true })).json(Encrypted);
    return { ciphertext: data.ciphertext, keyVersion: data.key_version ?? null };
  },
  'transit.decrypt': async ({ key, ciphertext, context }, ctx) => {
    const path = mountPath('transitMount', ctx, 'decrypt', key);
    const { data } = await (await write(path, { ciphertext, context }, ctx, { idempotent: true })).json(Decrypted);
    return { plaintextBase64: data.plaintext, plaintext: asText(Buffer.from(data.plaintext, 'base64')) };
  },
};

export const pkiHandlers: Pick<Required<VaultHandlers>, 'pki.issue' | 'certificate.get'> = {
  'pki.issue': async ({ role, commonName, altNames, ipAddresses, ttlSeconds }, ctx) => {
    const json = {
      common_name: commonName,
      format: 'pem',
      ...(altNames === undefined ? {} : { alt_names: altNames.join(',') }),
      ...(ipAddresses === undefined ? {} : { ip_sans: ipAddresses }),
      ...(ttlSeconds === undefined ? {} : { ttl: `${ttlSeconds}s` }),
    };
    const { data } = await (await write(mountPath('pkiMount', ctx, 'issue', role), json, ctx)).json(Issued);
    return {
      certificate: data.certificate,
      privateKey: data.private_key,
      issuingCa: data.issuing_ca ?? null,
      caChain: data.ca_chain ?? [],
      serialNumber: data.serial_number,
      expiresAt: fromSeconds(data.expiration),
    };
  },
  'certificate.get': async ({ serialNumber }, ctx) => {
    const path = mountPath('pkiMount', ctx, 'cert', serialNumber);
    const { data } = await (await read(path, ctx)).json(Certificate);
    const { subject, issuer, validFrom, validTo } = parse(data.certificate);
    return {
      serialNumber,
      certificate: data.certificate,
      subject,
      issuer,
      notBefore: fromText(validFrom),
      notAfter: fromText(validTo),
      revokedAt: fromSeconds(data.revocation_time),
    };
  },
};

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new HubError('provider_bad_response', 'Vault gave a certificate that cannot be read.', { cause });
  }
}

function asText(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no text: the caller has them as base64.
    return null;
  }
}

/** 0 and nothing both mean "never". */
function fromSeconds(seconds: number | undefined): string | null {
  return seconds === undefined || seconds <= 0 || seconds > 8_640_000_000_000
    ? null
    : new Date(seconds * 1000).toISOString();
}

/** `Sep  3 21:43:37 2026 GMT`, as OpenSSL writes it. */
function fromText(text: string): string | null {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
