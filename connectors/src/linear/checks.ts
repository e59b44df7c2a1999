import { type ActionContext, type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { ask } from './api.ts';
import { pageVariables } from './pages.ts';
import { Teams, Viewer } from './schema.ts';

export const product = 'Linear';
export const remedies = {
  endpoint: 'The endpoint must be https://api.linear.app.',
  credential:
    'Create an API key under Settings → Security & access → Personal API keys, and replace the credential of this integration.',
  permission: 'Give the API key or the OAuth application the scopes read and write, and access to the team.',
};

async function readViewer(ctx: ActionContext) {
  return ask('Viewer', {}, Viewer, ctx);
}

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'viewer',
    run: async (ctx) => {
      const { viewer, organization } = await readViewer(ctx);
      return { user: viewer.name, userId: viewer.id, workspace: organization.name, workspaceKey: organization.urlKey };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
  remedyCheck({
    id: 'linear.reachable',
    title: 'Linear answers and accepts the credential',
    product,
    remedies,
    probe: async (ctx) => {
      const { viewer, organization } = await readViewer(ctx);
      return { status: 'pass', message: `The credential is ${viewer.name}'s in the workspace ${organization.name}.` };
    },
  }),
  remedyCheck({
    id: 'linear.teams',
    title: 'The credential sees a team',
    product,
    remedies,
    probe: async (ctx) => {
      const { teams } = await ask('Teams', pageVariables({ limit: 1 }), Teams, ctx);
      if (teams.nodes.length > 0) return { status: 'pass', message: 'The credential sees teams.' };
      return {
        status: 'warn',
        message: 'The credential sees no team, so there are no issues to work with.',
        suggestions: ['Add the owner of the credential to a team, or give the API key access to one.'],
      };
    },
  }),
];
