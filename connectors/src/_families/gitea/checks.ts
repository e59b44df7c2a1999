import {
  type ActionContext,
  type ConnectionStep,
  type ConnectorCheck,
  type Remedies,
  remedyCheck,
} from '@inthub/connector-sdk';
import { path } from './api.ts';
import type { GiteaProduct } from './product.ts';
import { Account, RepositorySearch, Version } from './schema.ts';

export function remediesOf({ name }: GiteaProduct): Remedies {
  return {
    endpoint: `The endpoint is the address of ${name} itself, https://${name.toLowerCase()}.example.com, without /api/v1.`,
    credential: 'Make a new token under Settings → Applications → Access tokens.',
    permission: "Give the token the scopes that this connector's README lists.",
  };
}

/** The search of repositories is open to every token with read:repository; who it is takes read:user, which is not needed elsewhere. */
async function whoAmI(ctx: ActionContext): Promise<Record<string, unknown>> {
  await (await ctx.http.get(path`/repos/search`, { query: { limit: 1 } })).json(RepositorySearch);
  const user = await ctx.http.get(path`/user`, { expect: [403] });
  return user.status === 403 ? {} : { account: (await user.json(Account)).login };
}

async function version(ctx: ActionContext): Promise<Record<string, unknown>> {
  return { version: (await (await ctx.http.get(path`/version`)).json(Version)).version };
}

export const connectionSteps: readonly ConnectionStep[] = [
  { name: 'version', run: version },
  { name: 'credential', run: whoAmI },
];

export function checksOf(product: GiteaProduct): readonly ConnectorCheck[] {
  return [
    remedyCheck({
      id: `${product.id}.reachable`,
      title: `${product.name} answers and lets us in`,
      product: product.name,
      remedies: remediesOf(product),
      probe: async (ctx) => {
        const details = { ...(await version(ctx)), ...(await whoAmI(ctx)) };
        return { status: 'pass', message: `${product.name} answers and accepts the credential.`, details };
      },
    }),
  ];
}
