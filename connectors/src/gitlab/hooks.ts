/** Webhooks of a project. Source: docs.gitlab.com/api/project_webhooks. */
import {
  type ActionContext,
  type SourceControlHandlers,
  type WebhookTopic,
  webhookTopics,
} from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import { call, type Project, path, projectPath } from './api.ts';
import { Hook } from './schema.ts';

/** All that a webhook of a project can be asked to tell; what is not asked for is set to false, since GitLab's defaults differ. */
const hookEvents = [
  'push_events',
  'tag_push_events',
  'merge_requests_events',
  'issues_events',
  'confidential_issues_events',
  'note_events',
  'confidential_note_events',
  'pipeline_events',
  'job_events',
  'releases_events',
] as const;
export type HookEvent = (typeof hookEvents)[number];

/** GitLab's events by what the category calls them; it tells of no statuses, and of no repositories in a project's webhook. */
const eventsOfTopic: Readonly<Record<WebhookTopic, readonly HookEvent[]>> = {
  push: ['push_events', 'tag_push_events'],
  pull_request: ['merge_requests_events'],
  issue: ['issues_events', 'confidential_issues_events'],
  comment: ['note_events', 'confidential_note_events'],
  ci: ['pipeline_events', 'job_events'],
  status: [],
  release: ['releases_events'],
  repository: [],
};

export interface HookRequest extends Project {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly HookEvent[];
}

export async function createHook({ owner, repo, url, secret, events }: HookRequest, ctx: ActionContext) {
  const flags = Object.fromEntries(hookEvents.map((event) => [event, events.includes(event)]));
  const response = await call('POST', projectPath({ owner, repo }, '/hooks'), ctx, {
    json: { url, token: secret, enable_ssl_verification: true, ...flags },
  });
  return { externalId: String((await response.json(Hook)).id), events: [...events] };
}

/** False: it was gone already. */
export async function deleteHook(
  { owner, repo, externalId }: Project & { readonly externalId: string },
  ctx: ActionContext,
): Promise<boolean> {
  // Not an id that GitLab gives, so nothing of the kind is there.
  if (!/^[1-9]\d{0,14}$/.test(externalId)) return false;
  const below = projectPath({ owner, repo }, path`/hooks/${externalId}`);
  return (await call('DELETE', below, ctx, { expect: [404] })).status !== 404;
}

export const hookHandlers: SourceControlHandlers = {
  'webhook.register': async ({ owner, repo, url, secret, topics = [...webhookTopics] }, ctx) => {
    const events = [...new Set(topics.flatMap((topic) => eventsOfTopic[topic]))];
    if (events.length === 0) throw invalidField('/topics', 'holds nothing that a webhook of a GitLab project tells.');
    return createHook({ owner, repo, url, secret, events }, ctx);
  },
  'webhook.remove': async ({ owner, repo, externalId }, ctx) => ({
    removed: await deleteHook({ owner, repo, externalId }, ctx),
  }),
};
