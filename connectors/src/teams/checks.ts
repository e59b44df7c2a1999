import { type ActionContext, type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { teamPath } from './addresses.ts';
import { Team } from './schema.ts';
import { isWorkflow, probeFlow, workflowRemedies } from './workflow.ts';

export const product = 'Microsoft Teams';
export const remedies = {
  endpoint:
    'The endpoint must be https://graph.microsoft.com/v1.0, and teamId the id of a team (groupId in the link that "Get link to team" gives).',
  credential:
    'Sign in again, or for an application give its client id and a client secret that has not expired, and the right tenantId.',
  permission:
    'Consent to the permission in Entra ID → App registrations → API permissions, and let the account be a member of the team.',
};

async function readTeam(ctx: ActionContext) {
  return (await ctx.http.get(teamPath(ctx))).json(Team);
}

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'team',
    run: async (ctx) => {
      const { id, displayName, webUrl } = await readTeam(ctx);
      return { teamId: id, team: displayName ?? null, url: webUrl ?? null };
    },
  },
];

export const flowProduct = 'The flow';
export const flowSteps: readonly ConnectionStep[] = [{ name: 'flow', run: probeFlow }];

const reachable = {
  id: 'teams.reachable',
  title: 'Microsoft Graph answers and shows the team, or the flow answers',
} as const;
const teamCheck = remedyCheck({
  ...reachable,
  product,
  remedies,
  probe: async (ctx) => {
    const { displayName, id } = await readTeam(ctx);
    return { status: 'pass', message: `Graph shows the team ${displayName ?? id}.` };
  },
});
const flowCheck = remedyCheck({
  ...reachable,
  product: flowProduct,
  remedies: workflowRemedies,
  probe: async (ctx) => {
    await probeFlow(ctx);
    return { status: 'pass', message: 'The flow answers. Whether it posts shows when it is sent something.' };
  },
});

export const checks: readonly ConnectorCheck[] = [
  { ...reachable, run: (ctx) => (isWorkflow(ctx) ? flowCheck : teamCheck).run(ctx) },
];
