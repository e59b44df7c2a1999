import type { ConnectorCheck } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { ociCheck, reachableCheck } from '../_families/oci/connection.ts';
import { headManifest } from '../_families/oci/registry-api.ts';
import { product, remedies } from './product.ts';

/** The repository that Docker keeps for reading one's limits. Source: docs.docker.com/docker-hub/usage/pulls, "View pull rate". */
const preview = { repository: 'ratelimitpreview/test', tag: 'latest', digest: null };

export const checks: readonly ConnectorCheck[] = [
  reachableCheck('dockerhub', product, remedies),
  ociCheck({
    id: 'dockerhub.pull_quota',
    title: 'Pulls are left before the limit',
    product,
    remedies,
    probe: async (ctx) => {
      // HEAD does not count as a pull.
      const head = await headManifest(preview, product, ctx);
      if (head === undefined) throw new HubError('provider_bad_response', 'the answer is not that of a registry.');
      const limit = readCount(head.headers.get('ratelimit-limit'));
      const remaining = readCount(head.headers.get('ratelimit-remaining'));
      if (limit === undefined || remaining === undefined)
        return { status: 'pass', message: 'Docker Hub states no pull limit for this account.' };
      const details = { limit, remaining };
      if (remaining > limit * 0.1)
        return { status: 'pass', message: `${remaining} of ${limit} pulls are left.`, details };
      return {
        status: 'warn',
        message: `Only ${remaining} of ${limit} pulls are left in this period.`,
        details,
        suggestions: [
          'Sign in instead of pulling anonymously, choose a paid plan, or put a pull-through cache before Docker Hub.',
        ],
      };
    },
  }),
];

/** `100;w=21600`: the count, then the window in seconds. */
function readCount(header: string | undefined): number | undefined {
  const count = /^\s*(\d{1,12})\s*(?:;|$)/.exec(header ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}
