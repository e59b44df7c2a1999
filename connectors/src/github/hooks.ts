/** Webhooks of a repository. Source: docs.github.com/rest/repos/webhooks, docs.github.com/webhooks/webhook-events-and-payloads. */
import {
  type ActionContext,
  type SourceControlHandlers,
  type WebhookTopic,
  webhookTopics,
} from '@inthub/connector-sdk';
import { call } from './api.ts';
import { Hook } from './schema.ts';

/** GitHub's events by what the category calls them. */
const eventsOfTopic: Readonly<Record<WebhookTopic, readonly string[]>> = {
  push: ['push'],
  pull_request: ['pull_request', 'pull_request_review'],
  issue: ['issues'],
  comment: ['issue_comment', 'pull_request_review_comment', 'commit_comment'],
  ci: ['check_run', 'check_suite', 'workflow_run', 'workflow_job'],
  status: ['status'],
  release: ['release'],
  repository: ['create', 'delete', 'repository'],
};

export interface HookRequest {
  readonly owner: string;
  readonly repo: string;
  readonly url: string;
  readonly secret: string;
  /** GitHub's own names. */
  readonly events: readonly string[];
}

export async function createHook({ owner, repo, url, secret, events }: HookRequest, ctx: ActionContext) {
  const response = await call(
    'POST /repos/{owner}/{repo}/hooks',
    {
      owner,
      repo,
      name: 'web',
      active: true,
      events: [...events],
      config: { url, content_type: 'json', secret, insecure_ssl: '0' },
    },
    ctx,
  );
  const hook = await response.json(Hook);
  return { externalId: String(hook.id), events: hook.events };
}

/** False: it was gone already. */
export async function deleteHook(
  { owner, repo, externalId }: { readonly owner: string; readonly repo: string; readonly externalId: string },
  ctx: ActionContext,
): Promise<boolean> {
  const hook_id = Number(externalId);
  // Not an id that GitHub gives, so nothing of the kind is there.
  if (!Number.isSafeInteger(hook_id) || hook_id < 1) return false;
  const route = 'DELETE /repos/{owner}/{repo}/hooks/{hook_id}';
  return (await call(route, { owner, repo, hook_id }, ctx, { expect: [404] })).status !== 404;
}

export const hookHandlers: SourceControlHandlers = {
  'webhook.register': async ({ owner, repo, url, secret, topics = [...webhookTopics] }, ctx) =>
    createHook({ owner, repo, url, secret, events: topics.flatMap((topic) => eventsOfTopic[topic]) }, ctx),
  'webhook.remove': async ({ owner, repo, externalId }, ctx) => ({
    removed: await deleteHook({ owner, repo, externalId }, ctx),
  }),
};
