import type { ConnectorCheck } from '@inthub/connector-sdk';
import { ociCheck, reachableCheck } from '../_families/oci/connection.ts';
import { product, remedies } from './product.ts';
import { listRepositories } from './quay-api.ts';

export const checks: readonly ConnectorCheck[] = [
  reachableCheck('quay', product, remedies),
  ociCheck({
    id: 'quay.api',
    title: "Quay's own API lists the configured namespace",
    product,
    remedies,
    probe: async (ctx) => {
      const { namespace, authMode } = ctx.integration.config;
      if (typeof namespace !== 'string') {
        const suggestions = ['Set namespace in the config of the integration, or name one in each repository.list.'];
        return { status: 'warn', message: 'No namespace is configured, so there is nothing to list.', suggestions };
      }
      await listRepositories(namespace, { cursor: undefined, limit: 1 }, ctx);
      if (authMode === 'token') return { status: 'pass', message: `The repositories of ${namespace} can be listed.` };
      return {
        status: 'warn',
        message: `Only the public repositories of ${namespace} can be listed this way.`,
        suggestions: ['Use an OAuth 2 access token, if private repositories are to be listed.'],
      };
    },
  }),
];
