import { type ActionContext, defineAction } from '@inthub/connector-sdk';
import Type from 'typebox';
import { read, write } from './api.ts';
import { RenewedLease, RenewedToken, TokenFacts } from './schema.ts';

const closed = { additionalProperties: false };
const Increment = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 315_360_000, description: 'Seconds wished for; Vault may give fewer.' }),
);

export interface Token {
  /** Seconds left; 0 does not end. */
  readonly ttlSeconds: number;
  readonly renewable: boolean;
  readonly policies: readonly string[];
  readonly displayName: string | null;
}

export async function lookUpToken(ctx: ActionContext): Promise<Token & { readonly isHalfUsed: boolean }> {
  const { data } = await (await read('/v1/auth/token/lookup-self', ctx)).json(TokenFacts);
  return {
    ttlSeconds: data.ttl,
    renewable: data.renewable ?? false,
    policies: data.policies ?? [],
    displayName: data.display_name ?? null,
    isHalfUsed: data.ttl > 0 && data.ttl < (data.creation_ttl ?? 0) / 2,
  };
}

export async function renewToken(
  incrementSeconds: number | undefined,
  ctx: ActionContext,
): Promise<{ ttlSeconds: number; renewable: boolean }> {
  const json = incrementSeconds === undefined ? {} : { increment: `${incrementSeconds}s` };
  const { auth } = await (await write('/v1/auth/token/renew-self', json, ctx, { idempotent: true })).json(RenewedToken);
  return { ttlSeconds: auth.lease_duration, renewable: auth.renewable };
}

export const tokenRenew = defineAction({
  id: 'hashicorp_vault.token.renew',
  title: 'Renew the token',
  description:
    "Prolongs the integration's own token. Health checks do so by themselves in the second half of its life.",
  input: Type.Object({ incrementSeconds: Increment }, closed),
  output: Type.Object({ ttlSeconds: Type.Integer(), renewable: Type.Boolean() }),
  safe: false,
  run: ({ incrementSeconds }, ctx) => renewToken(incrementSeconds, ctx),
});

export const leaseRenew = defineAction({
  id: 'hashicorp_vault.lease.renew',
  title: 'Renew a lease',
  description: 'Prolongs the lease of a dynamic secret.',
  input: Type.Object(
    {
      leaseId: Type.String({ minLength: 1, maxLength: 1024, examples: ['database/creds/app/2f6a614c'] }),
      incrementSeconds: Increment,
    },
    closed,
  ),
  output: Type.Object({ leaseId: Type.String(), ttlSeconds: Type.Integer(), renewable: Type.Boolean() }),
  requiredScopes: ['update on sys/leases/renew'],
  safe: false,
  run: async ({ leaseId, incrementSeconds }, ctx) => {
    const json = {
      lease_id: leaseId,
      ...(incrementSeconds === undefined ? {} : { increment: `${incrementSeconds}s` }),
    };
    const renewed = await (await write('/v1/sys/leases/renew', json, ctx, { idempotent: true })).json(RenewedLease);
    return { leaseId: renewed.lease_id, ttlSeconds: renewed.lease_duration, renewable: renewed.renewable };
  },
});
