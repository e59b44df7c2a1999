import type { ActionContext, ConnectorCheck } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { type ConnectionSteps, ociCheck, reachableCheck } from '../_families/oci/connection.ts';
import { apiPath, product, remedies } from './product.ts';
import { listDockerRepositories } from './repositories.ts';
import { Version } from './schema.ts';

/** Source: jfrog.com/help, "System Health Ping": plain text OK. */
async function requirePing(ctx: ActionContext): Promise<void> {
  const text = await (
    await ctx.http.get(apiPath(ctx, '/system/ping'), { accept: 'text/plain', maxBytes: 64 * 1024 })
  ).text();
  if (text.trim() !== 'OK') throw new HubError('provider_bad_response', 'its system ping does not say OK.');
}

export const connectionSteps: NonNullable<ConnectionSteps['steps']> = [
  {
    name: 'system ping',
    run: async (ctx) => {
      await requirePing(ctx);
      return { systemPing: 'OK' };
    },
  },
  {
    name: 'version',
    // Told to signed-in users only; nothing hangs on it.
    run: async (ctx) => {
      const response = await ctx.http.get(apiPath(ctx, '/system/version'), { expect: [401, 403] });
      return response.status === 200 ? { version: (await response.json(Version)).version } : {};
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  reachableCheck('artifactory', product, remedies),
  ociCheck({
    id: 'artifactory.repository',
    title: 'The configured Docker repository exists',
    product,
    remedies,
    probe: async (ctx) => {
      const repoKey = String(ctx.integration.config['repoKey']);
      const keys = (await listDockerRepositories(ctx)).map(({ key }) => key);
      if (keys.includes(repoKey))
        return { status: 'pass', message: `Artifactory has the Docker repository ${repoKey}.` };
      return {
        status: 'fail',
        message: `Artifactory shows this user no Docker repository ${repoKey}.`,
        details: { visible: keys.slice(0, 20) },
        suggestions: [
          keys.length === 0
            ? remedies.permission
            : `Set repoKey to one of: ${keys.slice(0, 20).join(', ')}; or give the user Read on ${repoKey}.`,
        ],
      };
    },
  }),
];
