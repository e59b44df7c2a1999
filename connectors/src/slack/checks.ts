import { type ActionContext, type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { decode } from './api.ts';
import { manifest } from './manifest.ts';
import { Identity } from './schema.ts';

export const product = 'Slack';
export const remedies = {
  endpoint: 'The endpoint must be https://slack.com/api, or https://slack-gov.com/api for GovSlack.',
  credential:
    'Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of the app, and look whether the app is still installed.',
  permission: 'Add the scope under OAuth & Permissions of the app, and install the app to the workspace again.',
};

/** Who the token belongs to; the scopes come in a header (docs.slack.dev/authentication). */
async function readIdentity(ctx: ActionContext) {
  const response = await ctx.http.get('/auth.test');
  const identity = await decode('auth.test', response, Identity);
  const header = response.headers.get('x-oauth-scopes');
  const scopes = header?.split(',').map((scope) => scope.trim());
  return { identity, scopes: scopes?.filter((scope) => scope !== '').slice(0, 200) };
}

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'auth.test',
    run: async (ctx) => {
      const { identity, scopes } = await readIdentity(ctx);
      const { team, team_id, user, user_id, url } = identity;
      return { team, teamId: team_id, user, userId: user_id, url, ...(scopes === undefined ? {} : { scopes }) };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'slack.reachable',
    title: 'Slack answers and accepts the token',
    product,
    remedies,
    probe: async (ctx) => {
      const { identity } = await readIdentity(ctx);
      return { status: 'pass', message: `The token is ${identity.user}'s in the workspace ${identity.team}.` };
    },
  }),
  remedyCheck({
    id: 'slack.scopes',
    title: 'The token has the scopes that the actions need',
    product,
    remedies,
    probe: async (ctx) => {
      const { scopes } = await readIdentity(ctx);
      if (scopes === undefined) {
        return {
          status: 'warn',
          message: 'Slack did not tell the scopes of this token.',
          suggestions: ['Compare them by hand: OAuth & Permissions of the app → Scopes.'],
        };
      }
      const missing = manifest.requiredPermissions.filter(({ scope }) => !scopes.includes(scope));
      const required = missing.filter((permission) => permission.required).map(({ scope }) => scope);
      if (missing.length === 0) return { status: 'pass', message: 'The token has every scope.', details: { scopes } };
      return {
        status: required.length > 0 ? 'fail' : 'warn',
        message: `The token lacks ${missing.map(({ scope }) => scope).join(', ')}.`,
        details: { scopes, missing: missing.map(({ scope }) => scope) },
        suggestions: missing.map(
          ({ scope, justification }) => `Add ${scope} and install the app again: ${justification}`,
        ),
      };
    },
  }),
];
