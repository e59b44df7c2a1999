/**
 * What Jira sends. Source: developer.atlassian.com/cloud/jira/platform/webhooks (secret of a webhook: `X-Hub-Signature: sha256=…` over the
 * body; `X-Atlassian-Webhook-Identifier` is the same for repeats of one delivery), Data Center: confluence.atlassian.com, "Manage webhooks".
 */
import {
  boundedPayload,
  hmacProof,
  type JsonObject,
  objectAt,
  parseJsonObject,
  type TranslatedEvent,
  textAt,
  type WebhookDefinition,
  type WebhookRegistration,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { inProject } from './jql.ts';
import { RegisteredWebhook } from './schema.ts';

const maxPayloadBytes = 120_000;
const maxChanges = 20;

/** Jira's own names. */
const eventTypes: Readonly<Record<string, string>> = {
  'jira:issue_created': 'jira.issue.created',
  'jira:issue_updated': 'jira.issue.updated',
  'jira:issue_deleted': 'jira.issue.deleted',
  comment_created: 'jira.comment.created',
  comment_updated: 'jira.comment.updated',
  comment_deleted: 'jira.comment.deleted',
  project_created: 'jira.project.created',
  project_updated: 'jira.project.updated',
  project_deleted: 'jira.project.deleted',
};
const transitioned = 'jira.issue.transitioned';

/** Where administrators keep webhooks; part of no versioned API, and the same at Cloud and Data Center. */
const webhookPath = '/rest/webhooks/1.0/webhook';

const registration: WebhookRegistration = {
  targetTitle: 'key of a project; left out: the whole site',
  async register({ url, secret, events, target }, ctx) {
    // A changed status is an update to Jira.
    const wanted = events.map((event) => (event === transitioned ? 'jira.issue.updated' : event));
    const names = Object.keys(eventTypes).filter((name) => wanted.includes(eventTypes[name] as string));
    if (names.length === 0) throw new HubError('invalid_request', 'None of these events is one that Jira sends.');
    const filters = target === undefined ? {} : { filters: { 'issue-related-events-section': inProject(target) } };
    const json = { name: 'Integration Hub', url, secret, events: names, excludeBody: false, ...filters };
    const { self } = await (await ctx.http.post(webhookPath, { json })).json(RegisteredWebhook);
    const externalId = /\/(\d+)$/.exec(self)?.[1];
    if (externalId === undefined)
      throw new HubError('provider_bad_response', 'Jira did not say which webhook it made.');
    return { externalId };
  },
  async deregister({ externalId }, ctx) {
    await ctx.http.delete(`${webhookPath}/${encodeURIComponent(externalId)}`, { expect: [404] });
  },
};

export const jiraWebhook: WebhookDefinition = {
  id: 'jira.webhook',
  title: 'Changes of issues, comments and projects',
  events: [...Object.values(eventTypes), transitioned],
  proof: 'signature',
  verify: hmacProof({ header: 'x-hub-signature', prefix: 'sha256=' }),
  deliveryId: ({ headers }) => headers.get('x-atlassian-webhook-identifier')?.slice(0, 128) || undefined,
  kind: ({ body }) => textAt(parseJsonObject(body), 'webhookEvent') ?? undefined,
  translate: ({ body }) => {
    const parsed = parseJsonObject(body);
    const name = textAt(parsed, 'webhookEvent');
    if (parsed === undefined || name === null)
      throw new HubError('invalid_request', 'This is not what Jira sends: the body has no webhookEvent.');
    const type = Object.hasOwn(eventTypes, name) ? eventTypes[name] : undefined;
    if (type === undefined) return [];
    const changes = changesOf(parsed);
    const event: TranslatedEvent = { type, data: dataOf(parsed, changes) };
    const isMove = type === 'jira.issue.updated' && changes.some(({ field }) => field === 'status');
    return isMove ? [event, { type: transitioned, data: event.data }] : [event];
  },
  registration,
};

interface Change {
  readonly field: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

function changesOf(body: JsonObject): Change[] {
  const items = objectAt(body, 'changelog')?.['items'];
  if (!Array.isArray(items)) return [];
  return items.slice(0, maxChanges).map((item: unknown) => {
    const change = objectAt({ item }, 'item');
    return { field: textAt(change, 'field'), from: textAt(change, 'fromString'), to: textAt(change, 'toString') };
  });
}

function dataOf(body: JsonObject, changes: readonly Change[]): Record<string, unknown> {
  const issue = objectAt(body, 'issue');
  const fields = objectAt(issue, 'fields');
  const project = objectAt(fields, 'project') ?? objectAt(body, 'project');
  const comment = objectAt(body, 'comment');
  const actor = objectAt(body, 'user') ?? objectAt(comment, 'updateAuthor') ?? objectAt(comment, 'author');
  const { timestamp } = body;
  return {
    issueId: textAt(issue, 'id'),
    key: textAt(issue, 'key'),
    title: textAt(fields, 'summary', 1000),
    status: textAt(objectAt(fields, 'status'), 'name'),
    projectId: textAt(project, 'id') ?? (typeof project?.['id'] === 'number' ? String(project['id']) : null),
    projectKey: textAt(project, 'key'),
    commentId: textAt(comment, 'id'),
    actor: textAt(actor, 'accountId') ?? textAt(actor, 'name'),
    actorName: textAt(actor, 'displayName'),
    occurredAt:
      typeof timestamp === 'number' && Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : null,
    changes,
    payload: boundedPayload(body, maxPayloadBytes),
  };
}
