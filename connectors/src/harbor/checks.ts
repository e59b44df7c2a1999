import type { ActionContext, ConnectorCheck } from '@inthub/connector-sdk';
import { type ConnectionSteps, ociCheck, requireRegistry } from '../_families/oci/connection.ts';
import { apiPath } from './api.ts';
import { product, remedies } from './product.ts';
import { Health, SystemInfo } from './schema.ts';

export function isAnonymous(ctx: ActionContext): boolean {
  return ctx.integration.config.authMode === 'none';
}

async function readHealth(ctx: ActionContext) {
  const { status, components } = await (await ctx.http.get(apiPath('/health'))).json(Health);
  const unhealthy = (components ?? []).filter((component) => component.status !== 'healthy').map(({ name }) => name);
  return { healthy: status === 'healthy', unhealthy };
}

async function readVersion(ctx: ActionContext): Promise<string | null> {
  const { harbor_version } = await (await ctx.http.get(apiPath('/systeminfo'))).json(SystemInfo);
  return harbor_version ?? null;
}

/** A Harbor with one ailing part (a scanner, say) still serves images, so that is told and not held against it. */
export const connectionSteps: NonNullable<ConnectionSteps['steps']> = [
  {
    name: 'Harbor API',
    run: async (ctx) => {
      const { healthy, unhealthy } = await readHealth(ctx);
      return healthy ? { health: 'healthy' } : { health: 'unhealthy', unhealthyComponents: unhealthy };
    },
  },
  {
    name: 'version',
    run: async (ctx) => {
      const version = await readVersion(ctx);
      return version === null ? {} : { version };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  ociCheck({
    id: 'harbor.reachable',
    title: 'Harbor answers and lets us in',
    product,
    remedies,
    probe: async (ctx) => {
      // Harbor's /v2/ lets nobody in without a name, not even for public images.
      if (isAnonymous(ctx)) await readHealth(ctx);
      else await requireRegistry(product, ctx);
      return { status: 'pass', message: `Harbor answers at ${new URL(ctx.integration.config.endpoint).host}.` };
    },
  }),
  ociCheck({
    id: 'harbor.health',
    title: 'All parts of Harbor are healthy',
    product,
    remedies,
    probe: async (ctx) => {
      const { healthy, unhealthy } = await readHealth(ctx);
      if (healthy) return { status: 'pass', message: 'Every component is healthy.' };
      return {
        status: 'warn',
        message: `Harbor reports unhealthy components: ${unhealthy.join(', ') || 'it does not say which'}.`,
        details: { unhealthy },
        suggestions: [
          'Look at the logs of these components on the Harbor host (docker compose ps, or the pods of the release).',
        ],
      };
    },
  }),
  ociCheck({
    id: 'harbor.version',
    title: 'The version is one that this connector was made for',
    product,
    remedies,
    probe: async (ctx) => {
      const version = await readVersion(ctx);
      const major = /^v?(\d+)\./.exec(version ?? '')?.[1];
      if (version === null || major === undefined) {
        const message = 'Harbor does not tell its version (it does so to signed-in callers only).';
        return { status: 'warn', message, suggestions: ['Use a robot account or user instead of anonymous access.'] };
      }
      if (major === '2') return { status: 'pass', message: `Harbor ${version}.`, details: { version } };
      return {
        status: 'warn',
        message: `Harbor ${version} is not of the 2.x series that this connector was made for.`,
        details: { version },
        suggestions: ['Test repository.list and tag.list; update the hub when a newer connector exists.'],
      };
    },
  }),
];
