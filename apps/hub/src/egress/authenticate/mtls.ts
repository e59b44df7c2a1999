import { HubError } from '@inthub/contracts';
import type { Authenticator } from './authorization.ts';
import { openCredential, secretsOf } from './template.ts';

/** A client certificate in the TLS handshake (RFC 8446 §4.4.2). */
export const mtls: Authenticator = {
  async authorize({ target }, context) {
    const { material, fingerprint } = await openCredential(context);
    if (material.kind !== 'mtls_cert') {
      throw new HubError(
        'credential_unavailable',
        `authMode mtls needs a credential of kind mtls_cert; this one is ${material.kind}.`,
      );
    }
    if (target.protocol === 'http:') {
      throw new HubError(
        'egress_denied',
        `A client certificate needs TLS, but ${target.host} is reached over http; set config.endpoint to https.`,
      );
    }
    const { certificate, privateKey, passphrase } = material;
    const identity = { certificate, privateKey, fingerprint, ...(passphrase === undefined ? {} : { passphrase }) };
    return { headers: {}, identity, secrets: () => secretsOf(material) };
  },
};
