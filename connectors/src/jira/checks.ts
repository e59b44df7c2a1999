import { type ActionContext, type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { apiPath, isCloud, userIdOf } from './deployment.ts';
import { ServerInfo, User } from './schema.ts';

export const product = 'Jira';
export const remedies = {
  endpoint:
    'The endpoint must be the address of the site, such as https://acme.atlassian.net or https://jira.example.com/jira (with OAuth: https://api.atlassian.com/ex/jira/<cloud id>), and deployment must say which kind it is.',
  credential:
    'At Cloud give the e-mail address and an API token of id.atlassian.com/manage-profile/security/api-tokens; at Data Center a personal access token of the user profile.',
  permission:
    'Give the account the permission Browse Projects, and for changes Create, Edit and Transition Issues and Add Comments.',
};

async function readServer(ctx: ActionContext) {
  return (await ctx.http.get(apiPath('/serverInfo', ctx))).json(ServerInfo);
}

async function readUser(ctx: ActionContext) {
  return (await ctx.http.get(apiPath('/myself', ctx))).json(User);
}

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'server information',
    run: async (ctx) => {
      const { version, deploymentType } = await readServer(ctx);
      return { version, apiVersion: isCloud(ctx) ? 'v3' : 'v2', deploymentType: deploymentType ?? null };
    },
  },
  {
    name: 'account',
    run: async (ctx) => {
      const user = await readUser(ctx);
      return { user: user.displayName ?? null, userId: userIdOf(user) };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'jira.reachable',
    title: 'Jira answers and accepts the credential',
    product,
    remedies,
    probe: async (ctx) => {
      const { displayName } = await readUser(ctx);
      return { status: 'pass', message: `The credential is ${displayName ?? "somebody's without a name"}'s.` };
    },
  }),
  remedyCheck({
    id: 'jira.deployment',
    title: 'The deployment is the one that is configured',
    product,
    remedies,
    probe: async (ctx) => {
      const { deploymentType, version } = await readServer(ctx);
      const isServedByCloud = deploymentType === 'Cloud';
      if (isServedByCloud === isCloud(ctx))
        return { status: 'pass', message: `Jira ${deploymentType ?? 'Server'} ${version}.` };
      const right = isServedByCloud ? 'cloud' : 'data_center';
      return {
        status: 'fail',
        message: `This is Jira ${deploymentType ?? 'Server'} ${version}, but deployment says ${isCloud(ctx) ? 'cloud' : 'data_center'}.`,
        suggestions: [`Set deployment to ${right} in the config of the integration.`],
      };
    },
  }),
];
