/** Webhooks of a repository. Source: go-gitea/gitea modules/webhook/type.go and routers/api/v1/utils/hook.go (names of events). */
import {
  type ActionContext,
  type SourceControlHandlers,
  type WebhookTopic,
  webhookTopics,
} from '@inthub/connector-sdk';
import { path } from './api.ts';
import type { GiteaProduct } from './product.ts';
import { Hook } from './schema.ts';

/** Events that a webhook asks for, by what the category calls them. `pull_request` and `issues` alone would bring comments too. */
const eventsOfTopic: Readonly<Record<Exclude<WebhookTopic, 'ci'>, readonly string[]>> = {
  push: ['push'],
  pull_request: [
    'pull_request_only',
    'pull_request_assign',
    'pull_request_label',
    'pull_request_milestone',
    'pull_request_review',
    'pull_request_review_request',
    'pull_request_sync',
  ],
  issue: ['issues_only', 'issue_assign', 'issue_label', 'issue_milestone'],
  comment: ['issue_comment', 'pull_request_comment'],
  status: ['status'],
  release: ['release'],
  repository: ['create', 'delete', 'repository'],
};

/** What a webhook asks for to be sent deliveries with this name in `X-Gitea-Event`; other names are asked for as they are. */
const askedByEvent: Readonly<Record<string, readonly string[]>> = {
  issues: eventsOfTopic.issue,
  issue_comment: eventsOfTopic.comment,
  pull_request: eventsOfTopic.pull_request.filter((event) => event !== 'pull_request_review'),
  pull_request_approved: ['pull_request_review'],
  pull_request_rejected: ['pull_request_review'],
  pull_request_comment: ['pull_request_review'],
};

export function askedEvents(event: string): readonly string[] {
  return askedByEvent[event] ?? [event];
}

export interface HookRequest {
  readonly owner: string;
  readonly repo: string;
  readonly url: string;
  readonly secret: string;
  /** Names that a webhook asks for. */
  readonly events: readonly string[];
}

export async function createHook(
  { hookType }: GiteaProduct,
  { owner, repo, url, secret, events }: HookRequest,
  ctx: ActionContext,
) {
  const config = { url, content_type: 'json', secret };
  const json = { type: hookType, active: true, events, config };
  const response = await ctx.http.post(path`/repos/${owner}/${repo}/hooks`, { json });
  const hook = await response.json(Hook);
  return { externalId: String(hook.id), events: hook.events };
}

/** False: it was gone already. */
export async function deleteHook(
  { owner, repo, externalId }: { readonly owner: string; readonly repo: string; readonly externalId: string },
  ctx: ActionContext,
): Promise<boolean> {
  // Not an id that the server gives, so nothing of the kind is there.
  if (!/^[1-9]\d{0,14}$/.test(externalId)) return false;
  const hook = path`/repos/${owner}/${repo}/hooks/${externalId}`;
  return (await ctx.http.delete(hook, { expect: [404] })).status !== 404;
}

export function hookHandlers(product: GiteaProduct): SourceControlHandlers {
  const eventsOf = (topic: WebhookTopic) => (topic === 'ci' ? product.ciHookEvents : eventsOfTopic[topic]);
  return {
    'webhook.register': async ({ topics = [...webhookTopics], ...request }, ctx) =>
      createHook(product, { ...request, events: topics.flatMap(eventsOf) }, ctx),
    'webhook.remove': async (input, ctx) => ({ removed: await deleteHook(input, ctx) }),
  };
}
