/** Paths and headers of Vault's HTTP API. Source: developer.hashicorp.com/vault/api-docs. */
import type { ActionContext, HttpOptions, HttpResponse } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';

export type Mount = 'kvMount' | 'transitMount' | 'pkiMount';
const defaults: Readonly<Record<Mount, string>> = { kvMount: 'secret', transitMount: 'transit', pkiMount: 'pki' };

/** `/v1/<mount>/<kind>/<path>`; the path's own slashes stay, everything else in it is encoded. */
export function mountPath(mount: Mount, ctx: ActionContext, ...parts: readonly string[]): string {
  const configured = ctx.integration.config[mount];
  const root = typeof configured === 'string' && configured !== '' ? configured : defaults[mount];
  const encode = (text: string) => text.split('/').map(encodeURIComponent).join('/');
  return `/v1/${[root, ...parts]
    .filter((part) => part !== '')
    .map(encode)
    .join('/')}`;
}

export function isFirstKv({ integration }: ActionContext): boolean {
  return integration.config['kvVersion'] === 1;
}

/** Vault Enterprise takes the namespace from a header ("Namespaces" in its documentation). */
function headers({ integration }: ActionContext): Record<string, string> {
  const { namespace } = integration.config;
  return typeof namespace === 'string' && namespace !== '' ? { 'x-vault-namespace': namespace } : {};
}

export function read(path: string, ctx: ActionContext, options: HttpOptions = {}): Promise<HttpResponse> {
  return ctx.http.get(path, { ...options, headers: { ...headers(ctx), ...options.headers } });
}

/** A write without effect on anything but the answer, so that a repeat does no harm, says so by `idempotent`. */
export function write(
  path: string,
  json: unknown,
  ctx: ActionContext,
  options: HttpOptions = {},
): Promise<HttpResponse> {
  return ctx.http.post(path, { ...options, json, headers: { ...headers(ctx), ...options.headers } });
}

/** Vault says 404 alike for what was never there, is deleted, and lies in a mount of another version. */
export function noSecret(path: string, ctx: ActionContext): HubError {
  const version = isFirstKv(ctx) ? 1 : 2;
  return new HubError(
    'provider_not_found',
    `There is no secret at ${path} in this mount (read as KV version ${version}), or its newest version is deleted.`,
  );
}
