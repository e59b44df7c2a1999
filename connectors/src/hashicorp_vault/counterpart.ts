/** The fake of the tests: Vault itself is in none of the registries that this tree installs from. */
import type { Counterpart } from '@inthub/connector-sdk/testing';
import { createFakeVault, issueCertificate, sampleSecrets } from './testing.ts';

export async function startCounterpart(): Promise<Counterpart> {
  const certificate = await issueCertificate();
  return {
    name: 'a fake Vault',
    proof: 'stub',
    respond: createFakeVault({ secrets: sampleSecrets, certificate }),
    config: { endpoint: 'https://vault.test:8200', authMode: 'token' },
    inputs: {
      'secret.ref': { path: 'team/app', field: 'password' },
      'secret.list': { path: 'team' },
      'secret.read': { path: 'team/app' },
      'transit.encrypt': { key: 'orders', plaintext: 'Grüße' },
      'transit.decrypt': { key: 'orders', ciphertext: `vault:v1:${Buffer.from('R3LDvMOfZQ==').toString('hex')}` },
      'pki.issue': { role: 'web', commonName: 'app.example.com' },
      'certificate.get': { serialNumber: certificate.serialNumber },
      'hashicorp_vault.token.renew': {},
      'hashicorp_vault.lease.renew': { leaseId: 'database/creds/app/1' },
    },
    stop: async () => {},
  };
}
