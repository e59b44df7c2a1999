/** What only a GitHub App can do, signed as the App itself. Source: docs.github.com/rest/apps/apps. */
import { type ActionContext, eachPage, type RepositoryClone } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { call, listPage } from './api.ts';
import { Installations, InstallationToken } from './schema.ts';
import { timestamp } from './timestamp.ts';

/** An App may sit in more accounts than this; then its installations are no longer looked through. */
const maxPages = 10;

async function findInstallation(account: string, ctx: ActionContext): Promise<number> {
  const fetch = (cursor: string | undefined) =>
    listPage(
      'GET /app/installations',
      {},
      { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
      (response) => response.json(Installations),
      ctx,
    );
  for await (const installations of eachPage({ fetch, maxPages, signal: ctx.signal })) {
    const found = installations.find((one) => one.account?.login?.toLowerCase() === account.toLowerCase());
    if (found !== undefined) return found.id;
  }
  throw new HubError('provider_not_found', `The GitHub App is not installed for ${account}. Install it there.`);
}

/**
 * A clone URL with a token for this repository alone, which may only read and ends after an hour
 * (docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation).
 */
export async function cloneWithToken(
  { cloneUrl, fullName }: { readonly cloneUrl: string; readonly fullName: string },
  ctx: ActionContext,
): Promise<RepositoryClone> {
  const [owner = '', name = ''] = fullName.split('/');
  const response = await call(
    'POST /app/installations/{installation_id}/access_tokens',
    { installation_id: await findInstallation(owner, ctx), repositories: [name], permissions: { contents: 'read' } },
    ctx,
  );
  const { token, expires_at } = await response.json(InstallationToken);
  const url = new URL(cloneUrl);
  url.username = 'x-access-token';
  url.password = token;
  return { url: url.href, cloneUrl, isAuthorised: true, expiresAt: timestamp(expires_at) };
}
