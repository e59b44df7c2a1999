import type { ConnectorCheck } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { ociCheck, reachableCheck } from '../_families/oci/connection.ts';
import { listNames } from '../_families/oci/name-pages.ts';
import { catalogPath } from '../_families/oci/registry-api.ts';
import { product, remedies } from './product.ts';

export const checks: readonly ConnectorCheck[] = [
  reachableCheck('oci', product, remedies),
  ociCheck({
    id: 'oci.catalog',
    title: 'The registry lists its repositories',
    product,
    remedies,
    probe: async (ctx) => {
      try {
        await listNames({ path: catalogPath(product, ctx), of: 'repositories', limit: 1, cursor: undefined }, ctx);
        return { status: 'pass', message: 'The registry lists repositories.' };
      } catch (error) {
        if (!(error instanceof HubError) || !listingRefused.includes(error.code)) throw error;
        return {
          status: 'warn',
          message: 'The registry does not list its repositories (many do not, or only for administrators).',
          details: { code: error.code },
          suggestions: ['Name repositories yourself: tag.list, tag.resolve and manifest.get work without a list.'],
        };
      }
    },
  }),
];

const listingRefused: readonly string[] = [
  'provider_unauthenticated',
  'provider_forbidden',
  'provider_not_found',
  'provider_rejected',
];
