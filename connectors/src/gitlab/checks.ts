import {
  type ActionContext,
  type ConnectionStep,
  type ConnectorCheck,
  type Remedies,
  remedyCheck,
} from '@inthub/connector-sdk';
import { call } from './api.ts';
import { loginOf } from './people.ts';
import { AccessToken, Metadata, RunningJob, User } from './schema.ts';

export const remedies: Remedies = {
  endpoint: 'The endpoint is https://gitlab.com or the address of your own server, without /api/v4.',
  credential: 'Make a new access token with the scope api (or read_api) under Settings → Access tokens.',
  permission: "Give the token the scope api, and its user the role in the project, that this connector's README lists.",
};

/** A job token stands for a job, and may ask for little else (docs.gitlab.com/ci/jobs/ci_job_token). */
const isJobToken = ({ integration }: ActionContext) => integration.config.authMode === 'iam';

async function whoAmI(ctx: ActionContext): Promise<Record<string, unknown>> {
  if (isJobToken(ctx)) {
    const { name, user } = await (await call('GET', '/job', ctx)).json(RunningJob);
    return { account: loginOf(user), job: name };
  }
  const { username } = await (await call('GET', '/user', ctx)).json(User);
  // Only of tokens that GitLab itself keeps; OAuth has none to tell of.
  if (ctx.integration.config.authMode !== 'token') return { account: username };
  const { scopes, expires_at } = await (await call('GET', '/personal_access_tokens/self', ctx)).json(AccessToken);
  return { account: username, scopes, ...(typeof expires_at === 'string' ? { expiresAt: expires_at } : {}) };
}

export const connectionSteps: readonly ConnectionStep[] = [
  { name: 'credential', run: whoAmI },
  {
    name: 'version',
    run: async (ctx) => {
      if (isJobToken(ctx)) return {};
      const { version, enterprise } = await (await call('GET', '/metadata', ctx)).json(Metadata);
      return { version, ...(enterprise === undefined ? {} : { edition: enterprise ? 'enterprise' : 'community' }) };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'gitlab.reachable',
    title: 'GitLab answers and lets us in',
    product: 'GitLab',
    remedies,
    probe: async (ctx) => {
      const details = await whoAmI(ctx);
      return { status: 'pass', message: `GitLab answers and knows ${details['account']}.`, details };
    },
  }),
  remedyCheck({
    id: 'gitlab.token_scope',
    title: 'The access token may use the API',
    product: 'GitLab',
    remedies,
    probe: async (ctx) => {
      const { scopes } = await whoAmI(ctx);
      if (!Array.isArray(scopes)) return { status: 'pass', message: 'This kind of credential tells no scopes.' };
      const details = { scopes };
      if (scopes.includes('api')) return { status: 'pass', message: 'The token may read and write.', details };
      if (scopes.includes('read_api'))
        return {
          status: 'warn',
          message: 'The token may only read.',
          details,
          suggestions: ['Give it the scope api if comments, statuses, merges or pipelines are wanted.'],
        };
      return {
        status: 'fail',
        message: 'The token has neither the scope api nor read_api.',
        details,
        suggestions: [remedies.credential],
      };
    },
  }),
];
