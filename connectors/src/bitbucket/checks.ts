import { type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { readPage } from './repositories.ts';

export const product = 'Bitbucket';
export const remedies = {
  endpoint: 'The endpoint must be https://api.bitbucket.org, and the workspace the slug in bitbucket.org/<workspace>.',
  credential: 'Make an access token for the workspace, or use an API token with the e-mail address of its account.',
  permission: 'Give the token the scope repository, and webhook where the hub shall make webhooks itself.',
};

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'list repositories',
    run: async (ctx) => {
      await readPage(1, 1, ctx);
      return { workspace: ctx.integration.config['workspace'], apiVersion: '2.0' };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'bitbucket.reachable',
    title: 'Bitbucket answers and shows the workspace',
    product,
    remedies,
    probe: async (ctx) => {
      await readPage(1, 1, ctx);
      return { status: 'pass', message: 'The repositories of the workspace can be listed.' };
    },
  }),
];
