import {
  type ActionContext,
  type ConnectionReport,
  type ConnectionStep,
  type ConnectorCheck,
  type RemedyOptions,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
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

const wrongCredential =
  'It may be wrong, expired or revoked, or of another namespace. Store a new one, and look at namespace and authMount.';

const vault: RemedyOptions = {
  product: 'Vault',
  remedies: {
    endpoint:
      'The endpoint is the address of Vault without /v1 and /ui, such as https://vault.example.com:8200, which the hub can reach; authMount must exist.',
    credential: 'It may also be of another namespace. Store a new one, and look at namespace and authMount.',
    permission: wrongCredential,
  },
  meanings: {
    // Vault says 403 for a bad token and for a missing policy alike; any valid token may look itself up.
    provider_forbidden: (_error, host) => ({
      message: `Vault at ${host} refused the token.`,
      suggestion: wrongCredential,
    }),
    // A login with a wrong role or secret is 400.
    provider_rejected: (error, host) => ({
      message: `Vault at ${host} refused the login: ${error.message}`,
      suggestion: wrongCredential,
    }),
    provider_unavailable: (_error, host) => ({
      message: `Vault at ${host} fails to answer properly.`,
      suggestion: 'Look at its logs and seal status.',
    }),
  },
};

export function testConnection(ctx: ActionContext): Promise<ConnectionReport> {
  return testBySteps({ ...vault, steps, success: 'Vault is unsealed and accepts the credential.' }, ctx);
}

const steps: readonly ConnectionStep[] = [
  {
    name: 'health',
    run: async (ctx) => {
      const { version, sealed, initialized } = await readHealth(ctx);
      return { ...(version === undefined ? {} : { version }), apiVersion: 'v1', sealed, initialized };
    },
    unusable: ({ sealed, initialized }) =>
      sealed === true || initialized !== true ? sealedMessage(initialized === true) : undefined,
  },
  {
    name: 'token',
    run: async (ctx) => {
      const token = await lookUpToken(ctx);
      let { ttlSeconds } = token;
      // The health check is the heartbeat that keeps a periodic token alive; AppRole and JWT log in anew instead.
      const isOwnToken = ctx.integration.config.authMode === 'token';
      if (isOwnToken && token.renewable && token.isHalfUsed) ({ ttlSeconds } = await renewToken(undefined, ctx));
      return { policies: token.policies, tokenTtlSeconds: ttlSeconds, account: token.displayName };
    },
  },
];

function sealedMessage(initialized: boolean): string {
  return initialized
    ? 'Vault is sealed: it answers nothing until an operator unseals it (vault operator unseal).'
    : 'Vault is not initialised: an operator has to run vault operator init first.';
}

const shortSeconds = 86_400;

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    ...vault,
    id: 'hashicorp_vault.reachable',
    title: 'Vault answers, initialised and unsealed',
    probe: async (ctx) => {
      const { sealed, initialized, standby } = await readHealth(ctx);
      if (initialized && !sealed) return { status: 'pass', message: 'Vault is unsealed.', details: { standby } };
      const suggestions = [initialized ? 'Unseal it: vault operator unseal.' : 'Initialise it: vault operator init.'];
      return { status: 'fail', message: sealedMessage(initialized), suggestions };
    },
  }),
  remedyCheck({
    ...vault,
    id: 'hashicorp_vault.token',
    title: 'The token lives on',
    probe: async (ctx) => {
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
    },
  }),
  remedyCheck({
    ...vault,
    id: 'hashicorp_vault.kv',
    title: 'Secrets of the configured mount may be read',
    probe: async (ctx) => {
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
    },
  }),
];

/** `{"secret/data/": ["read"], "capabilities": […], "data": {…}}`. Source: api-docs, system/capabilities-self. */
function capabilitiesOf(reply: unknown, path: string): readonly string[] {
  const found = (reply as Readonly<Record<string, unknown>> | null)?.[path];
  if (Array.isArray(found) && found.every((item) => typeof item === 'string')) return found;
  throw new HubError('provider_bad_response', 'Vault did not say what the token may do.');
}
