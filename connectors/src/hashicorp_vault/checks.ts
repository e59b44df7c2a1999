import type { ActionContext, CheckOutcome, ConnectionReport, ConnectorCheck } from '@inthub/connector-sdk';
import { type ErrorCode, HubError } from '@inthub/contracts';
import { mountPath, write } from './api.ts';
import { lookUpToken, renewToken } from './leases.ts';
import { Health } from './schema.ts';

/** 429, 472, 473: standby and replicas serve too. 501: not initialised. 503: sealed. Source: api-docs, system/health. */
const healthStatuses = [429, 472, 473, 501, 503];

async function readHealth(ctx: ActionContext) {
  // Asked without a token: a login to a sealed Vault would hide what is wrong. sys/health exists in the root namespace only.
  const response = await ctx.http.get('/v1/sys/health', { auth: 'none', expect: healthStatuses, retry: 'never' });
  try {
    return await response.json(Health);
  } catch (error) {
    if (response.status === 503 || response.status === 429) throw busy(response.status);
    throw error;
  }
}

/** A load balancer in front says 503 and 429 too, without Vault's body. */
function busy(status: number): HubError {
  return status === 429
    ? new HubError('provider_rate_limited', 'What answers at the endpoint asks to slow down.')
    : new HubError('provider_unavailable', 'What answers at the endpoint says 503, and it is not Vault.');
}

export async function testConnection(ctx: ActionContext): Promise<ConnectionReport> {
  let details: Record<string, unknown> = {};
  try {
    const { version, sealed, initialized } = await readHealth(ctx);
    details = { ...(version === undefined ? {} : { version }), apiVersion: 'v1', sealed };
    if (sealed || !initialized) return { success: false, message: sealedMessage(initialized), details };
    const token = await lookUpToken(ctx);
    let { ttlSeconds } = token;
    // The health check is the heartbeat that keeps a periodic token alive; AppRole and JWT log in anew instead.
    const isOwnToken = ctx.integration.config.authMode === 'token';
    if (isOwnToken && token.renewable && token.isHalfUsed) ({ ttlSeconds } = await renewToken(undefined, ctx));
    details = { ...details, policies: token.policies, tokenTtlSeconds: ttlSeconds, account: token.displayName };
    return { success: true, message: 'Vault is unsealed and accepts the credential.', details };
  } catch (error) {
    if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
    const [message, way] = explain(error, ctx);
    return { success: false, message: `${message} ${way}`, details: { ...details, code: error.code } };
  }
}

function sealedMessage(initialized: boolean): string {
  return initialized
    ? 'Vault is sealed: it answers nothing until an operator unseals it (vault operator unseal).'
    : 'Vault is not initialised: an operator has to run vault operator init first.';
}

function explain(error: HubError, ctx: ActionContext): readonly [message: string, wayOut: string] {
  const { host } = new URL(ctx.integration.config.endpoint);
  const credential =
    'It may be wrong, expired or revoked, or of another namespace. Store a new one, and look at namespace and authMount.';
  const means: Partial<Record<ErrorCode, readonly [string, string]>> = {
    provider_unauthenticated: [`Vault at ${host} refused the credential.`, credential],
    // Vault says 403 for a bad token and for a missing policy alike; any valid token may look itself up.
    provider_forbidden: [`Vault at ${host} refused the token.`, credential],
    provider_rejected: [`Vault at ${host} refused the login: ${error.message}`, credential],
    provider_not_found: [
      `Vault's API was not found at ${host}.`,
      'The endpoint is the address of Vault without /v1, such as https://vault.example.com:8200; authMount must exist.',
    ],
    provider_bad_response: [
      `What answers at ${host} does not speak like Vault: ${error.message}`,
      'The endpoint is the address of Vault without /v1 and /ui.',
    ],
    provider_rate_limited: [`Vault at ${host} asks to slow down.`, 'Lower the rate limits, or raise its quota.'],
    provider_unavailable: [`Vault at ${host} fails to answer properly.`, 'Look at its logs and seal status.'],
  };
  return means[error.code] ?? [error.message, 'See that the endpoint is right and can be reached from the hub.'];
}

function check(id: string, title: string, probe: (ctx: ActionContext) => Promise<CheckOutcome>): ConnectorCheck {
  return {
    id: `hashicorp_vault.${id}`,
    title,
    async run(ctx) {
      try {
        return await probe(ctx);
      } catch (error) {
        if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
        const [message, way] = explain(error, ctx);
        return { status: 'fail', message, details: { code: error.code }, suggestions: [way] };
      }
    },
  };
}

const shortSeconds = 86_400;

export const checks: readonly ConnectorCheck[] = [
  check('reachable', 'Vault answers, initialised and unsealed', async (ctx) => {
    const { sealed, initialized, standby } = await readHealth(ctx);
    if (initialized && !sealed) return { status: 'pass', message: 'Vault is unsealed.', details: { standby } };
    const suggestions = [initialized ? 'Unseal it: vault operator unseal.' : 'Initialise it: vault operator init.'];
    return { status: 'fail', message: sealedMessage(initialized), suggestions };
  }),
  check('token', 'The token lives on', async (ctx) => {
    const { ttlSeconds, renewable, policies } = await lookUpToken(ctx);
    const details = { ttlSeconds, renewable, policies };
    const lives = ttlSeconds === 0 || renewable || ctx.integration.config.authMode !== 'token';
    if (policies.includes('root')) {
      const suggestions = ['Make a token or AppRole with a policy of its own, and store that instead.'];
      return { status: 'warn', message: 'This is a root token: it may do everything.', details, suggestions };
    }
    if (lives || ttlSeconds > shortSeconds) return { status: 'pass', message: 'The token lives on.', details };
    const suggestions = ['Use a periodic token (vault token create -period=24h), or AppRole.'];
    return {
      status: 'warn',
      message: `The token ends in ${ttlSeconds} seconds and cannot be renewed.`,
      details,
      suggestions,
    };
  }),
  check('kv', 'Secrets of the configured mount may be read', async (ctx) => {
    const isFirst = ctx.integration.config['kvVersion'] === 1;
    const path = `${mountPath('kvMount', ctx, isFirst ? '' : 'data').slice('/v1/'.length)}/`;
    const asked = await write('/v1/sys/capabilities-self', { paths: [path] }, ctx, { idempotent: true });
    const allowed = capabilitiesOf(await asked.json(), path);
    if (allowed.includes('read') || allowed.includes('root'))
      return { status: 'pass', message: `${path} may be read.`, details: { capabilities: allowed } };
    return {
      status: 'warn',
      message: `The whole of ${path} may not be read; single paths below it may still be.`,
      details: { capabilities: allowed },
      suggestions: [
        `Add to the policy: path "${path}*" { capabilities = ["read"] }, or set kvMount and kvVersion right.`,
      ],
    };
  }),
];

/** `{"secret/data/": ["read"], "capabilities": […], "data": {…}}`. Source: api-docs, system/capabilities-self. */
function capabilitiesOf(reply: unknown, path: string): readonly string[] {
  const found = (reply as Readonly<Record<string, unknown>> | null)?.[path];
  if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
  throw new HubError('provider_bad_response', 'Vault did not say what the token may do.');
}
