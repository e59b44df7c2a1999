import type { ConnectorCheck } from '@inthub/connector-sdk';
import { ociCheck, reachableCheck } from '../_families/oci/connection.ts';
import { listPackages } from './packages.ts';
import { product, remedies } from './product.ts';

export const checks: readonly ConnectorCheck[] = [
  reachableCheck('ghcr', product, remedies),
  ociCheck({
    id: 'ghcr.packages',
    title: 'Packages of the configured owner can be listed',
    product,
    remedies,
    probe: async (ctx) => {
      const { owner } = ctx.integration.config;
      if (typeof owner !== 'string') {
        return {
          status: 'warn',
          message: 'No owner is configured, so there is nothing to list.',
          suggestions: [
            'Set owner (and ownerType) in the config of the integration, or name a namespace in each repository.list.',
          ],
        };
      }
      await listPackages({ namespace: owner, cursor: undefined, limit: 1 }, ctx);
      return { status: 'pass', message: `The packages of ${owner} can be listed.` };
    },
  }),
];
