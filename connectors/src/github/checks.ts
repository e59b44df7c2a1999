import {
  type ActionContext,
  type ConnectionStep,
  type ConnectorCheck,
  type Remedies,
  remedyCheck,
} from '@inthub/connector-sdk';
import { call, isGitHubCloud } from './api.ts';
import { isApp } from './repositories.ts';
import { Account, App, InstallationRepositories, Meta } from './schema.ts';

export const remedies: Remedies = {
  endpoint:
    'The endpoint is https://api.github.com, https://api.<name>.ghe.com, or https://<server>/api/v3 of a GitHub Enterprise Server.',
  credential:
    'Make a new token under Settings → Developer settings, or check App id, installation id and private key of the GitHub App.',
  permission: "Give the token the scope, or the App the permission, that this connector's README lists.",
};

/** Classic tokens say what they may; fine-grained ones do not (docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps). */
function scopesOf(header: string | undefined): { scopes?: string[] } {
  if (header === undefined) return {};
  return {
    scopes: header
      .split(',')
      .map((scope) => scope.trim())
      .filter(Boolean),
  };
}

async function whoAmI(ctx: ActionContext): Promise<Record<string, unknown>> {
  if (isApp(ctx)) {
    const found = await (await call('GET /app', {}, ctx)).json(App);
    // The App itself may be known while its installation is gone.
    await (await call('GET /installation/repositories', { per_page: 1 }, ctx)).json(InstallationRepositories);
    return {
      account: found.slug ?? found.name,
      scopes: Object.entries(found.permissions).map((pair) => pair.join(':')),
    };
  }
  const response = await call('GET /user', {}, ctx);
  const { login } = await response.json(Account);
  return { account: login, ...scopesOf(response.headers.get('x-oauth-scopes')) };
}

export const connectionSteps: readonly ConnectionStep[] = [
  { name: 'credential', run: whoAmI },
  {
    name: 'version',
    run: async (ctx) => {
      const response = await call('GET /meta', {}, ctx);
      const { installed_version } = await response.json(Meta);
      const apiVersion = response.headers.get('x-github-api-version-selected');
      return {
        ...(installed_version === undefined ? {} : { version: installed_version }),
        ...(apiVersion === undefined ? {} : { apiVersion }),
      };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'github.reachable',
    title: 'GitHub answers and lets us in',
    product: 'GitHub',
    remedies,
    probe: async (ctx) => {
      const details = await whoAmI(ctx);
      return { status: 'pass', message: `GitHub answers and knows ${details['account']}.`, details };
    },
  }),
  remedyCheck({
    id: 'github.quota',
    title: 'Requests are left before the limit',
    product: 'GitHub',
    remedies,
    probe: async (ctx) => {
      const response = await call(isApp(ctx) ? 'GET /installation/repositories' : 'GET /user', {}, ctx);
      await response.json(isApp(ctx) ? InstallationRepositories : Account);
      const limit = Number(response.headers.get('x-ratelimit-limit') ?? Number.NaN);
      const remaining = Number(response.headers.get('x-ratelimit-remaining') ?? Number.NaN);
      if (!Number.isSafeInteger(limit) || !Number.isSafeInteger(remaining))
        return { status: 'pass', message: 'This server states no limit.', details: { isCloud: isGitHubCloud(ctx) } };
      const details = { limit, remaining };
      if (remaining > limit * 0.1)
        return { status: 'pass', message: `${remaining} of ${limit} requests are left this hour.`, details };
      return {
        status: 'warn',
        message: `Only ${remaining} of ${limit} requests are left this hour.`,
        details,
        suggestions: ['Use a GitHub App, whose limit grows with the organisation, or call less often.'],
      };
    },
  }),
];
