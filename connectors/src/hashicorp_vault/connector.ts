import { defineConnector, type VaultHandlers, vaultActions, vaultDiscovery } from '@inthub/connector-sdk';
import { checks, testConnection } from './checks.ts';
import { pkiHandlers, transitHandlers } from './crypto.ts';
import { leaseRenew, tokenRenew } from './leases.ts';
import { manifest } from './manifest.ts';
import { secretHandlers } from './secrets.ts';

const handlers: VaultHandlers = { ...secretHandlers, ...transitHandlers, ...pkiHandlers };
const kv = ['read, list on <kvMount>'];
const transit = ['update on <transitMount>/encrypt and decrypt'];
const pki = ['update on <pkiMount>/issue, read on cert'];

export const hashicorpVault = defineConnector({
  manifest,
  actions: [
    ...vaultActions(handlers, {
      requiredScopes: {
        'secret.ref': kv,
        'secret.list': kv,
        'secret.read': kv,
        'transit.encrypt': transit,
        'transit.decrypt': transit,
        'pki.issue': pki,
        'certificate.get': pki,
      },
    }),
    tokenRenew,
    leaseRenew,
  ],
  testConnection,
  discover: vaultDiscovery(handlers),
  checks,
});
