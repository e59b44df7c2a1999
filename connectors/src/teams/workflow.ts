/**
 * Posting through a flow of Power Automate that begins with “When a Teams webhook request is received” (Teams' app Workflows). Its address
 * is the credential; egress puts it in. Sources: learn.microsoft.com/connectors/teams (the trigger), microsoftteams/platform/webhooks-and-connectors/
 * how-to/connectors-using (the body), azure/logic-apps/logic-apps-http-endpoint (202, headers `x-ms-…`; POST only, else an error).
 */
import type { ActionContext, Channel, Message, Remedies } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { FlowContent } from './content.ts';
import { FlowFault } from './schema.ts';

export const workflowType = 'chat.teams_workflow';

export const workflowRemedies: Remedies = {
  endpoint:
    'The endpoint must be https:// and the host of the address that the flow shows, for example https://prod-12.westeurope.logic.azure.com; turn the flow on if it is off.',
  credential:
    'Copy the whole address from the trigger of the flow again (it ends with sig=…, and has "&" where a page shows "&amp;").',
  permission: 'Let anyone trigger the flow (its trigger, "Who can trigger the flow?"): the address is the proof.',
};

export function isWorkflow(ctx: ActionContext): boolean {
  return ctx.integration.type === workflowType;
}

function ownChannel(ctx: ActionContext): string {
  return String(ctx.integration.config['channelId']);
}

/** The flow decides where it posts; what it is called here keeps grants that are restricted to channels true. */
export function theChannel(ctx: ActionContext): Channel {
  const id = ownChannel(ctx);
  const unknown = {
    description: null,
    isPrivate: null,
    isArchived: null,
    memberCount: null,
    createdAt: null,
    url: null,
  };
  return { id, name: id, ...unknown };
}

export async function postToFlow(
  channelId: string,
  threadId: string | undefined,
  content: FlowContent,
  ctx: ActionContext,
): Promise<Message> {
  const own = ownChannel(ctx);
  if (channelId !== own)
    throw invalidField('/channelId', `must be "${own}": this flow posts to one channel only.`, 'enum');
  if (threadId !== undefined) throw invalidField('/threadId', 'A flow starts messages; it cannot reply.');
  const { headers } = await ctx.http.post('/', { json: content });
  // Accepted is all that is told: the message gets its id later, and the flow keeps it.
  return {
    id: headers.get('x-ms-workflow-run-id')?.slice(0, 256) || 'accepted',
    channelId,
    threadId: null,
    text: null,
    author: null,
    createdAt: null,
    url: null,
  };
}

const off = /NotEnabled|Disabled|Suspended|NotFound/i;

/** Asks without posting: the trigger takes POST only, and says so to whom it lets in (`TriggerRequestMethodNotValid`). */
export async function probeFlow(ctx: ActionContext): Promise<Readonly<Record<string, unknown>>> {
  const response = await ctx.http.get('/', { expect: [400, 404, 405] });
  if (response.status < 300)
    throw new HubError('provider_bad_response', 'it answers GET, which the trigger of a flow refuses.');
  const { error } = await response.json(FlowFault);
  const code = error.code.replaceAll(/\W/g, '').slice(0, 64);
  if (off.test(code) || (response.status === 404 && code !== 'TriggerRequestMethodNotValid'))
    throw new HubError('provider_rejected', `The flow is not there, or turned off (${code}).`);
  return { answer: code };
}
