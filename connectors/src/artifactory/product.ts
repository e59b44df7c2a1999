import type { ActionContext, Remedies } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { OciProduct } from '../_families/oci/product.ts';

export const product: OciProduct = {
  name: 'Artifactory',
  basePath: (ctx) => (isSubdomain(ctx) ? '/v2' : `${contextPath(ctx)}/api/docker/${repoKeyOf(ctx)}/v2`),
  // Documented are n and last, a Link header is not.
  pagesWithoutLinks: true,
  canonicalRepository(repository, { registryNamed }, ctx) {
    if (!registryNamed || isSubdomain(ctx)) return repository;
    const repoKey = repoKeyOf(ctx);
    const prefix = `${repoKey}/`;
    if (repository.startsWith(prefix)) return repository.slice(prefix.length);
    throw invalidField(
      '/imageRef',
      `is in another Docker repository; this integration is for ${repoKey}, whose images are <host>/${prefix}<image>.`,
      'registry',
    );
  },
};

export const remedies: Remedies = {
  endpoint:
    'The endpoint must be the address of Artifactory (https://company.jfrog.io, or your own with or without /artifactory), and repoKey the key of a Docker repository in it.',
  credential:
    'Generate an identity token in the user profile, or use an access token that is neither expired nor revoked.',
  permission: 'Give the user Read on the Docker repository by a permission target.',
};

/** Artifactory's own API: below `/artifactory`, which people include in the endpoint or leave out. */
export function apiPath(ctx: ActionContext, path: string): string {
  return `${contextPath(ctx)}/api${path}`;
}

function contextPath(ctx: ActionContext): string {
  const { pathname } = new URL(ctx.integration.config.endpoint);
  return /\/artifactory\/*$/.test(pathname) ? '' : '/artifactory';
}

function isSubdomain(ctx: ActionContext): boolean {
  return ctx.integration.config['access'] === 'subdomain';
}

/** The config schema guarantees it. */
function repoKeyOf(ctx: ActionContext): string {
  return String(ctx.integration.config['repoKey']);
}
