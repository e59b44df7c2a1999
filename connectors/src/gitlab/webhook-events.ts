/** GitLab's events and what the hub calls them. Source: docs.gitlab.com/user/project/integrations/webhook_events. */
import { type JsonObject, objectAt, textAt } from '@inthub/connector-sdk';
import type { HookEvent } from './hooks.ts';

type Names = Readonly<Record<string, string>>;

const changes: Names = { open: 'opened', close: 'closed', reopen: 'reopened', update: 'updated' };
const mergeRequestActions: Names = {
  ...changes,
  merge: 'merged',
  // By all who must approve, as opposed to one of them.
  approved: 'approved',
  unapproved: 'unapproved',
  approval: 'approval_added',
  unapproval: 'approval_removed',
};
const noteActions: Names = { create: 'created', update: 'edited' };
const releaseActions: Names = { create: 'created', update: 'updated', delete: 'deleted' };
const runStatuses: Names = {
  created: 'created',
  pending: 'queued',
  running: 'started',
  success: 'succeeded',
  failed: 'failed',
  canceled: 'cancelled',
  skipped: 'skipped',
  manual: 'held',
};
const refChanges = ['created', 'pushed', 'deleted'];

const all = (thing: string, names: Iterable<string>) => [...names].map((name) => `gitlab.${thing}.${name}`);
const eventsOfHook: Readonly<Record<HookEvent, readonly string[]>> = {
  push_events: all('branch', refChanges),
  tag_push_events: all('tag', refChanges),
  merge_requests_events: all('pr', [...Object.values(mergeRequestActions), 'synchronized']),
  issues_events: all('issue', Object.values(changes)),
  confidential_issues_events: all('issue', Object.values(changes)),
  note_events: all('comment', Object.values(noteActions)),
  confidential_note_events: all('comment', Object.values(noteActions)),
  pipeline_events: all('pipeline', Object.values(runStatuses)),
  job_events: all('job', Object.values(runStatuses)),
  releases_events: all('release', Object.values(releaseActions)),
};

export const eventTypes: readonly string[] = [...new Set(Object.values(eventsOfHook).flat())];

const named = (thing: string, names: Names, name: string | null): string[] =>
  name !== null && Object.hasOwn(names, name) ? [`gitlab.${thing}.${names[name]}`] : [];

/** The types of one delivery; none for what the hub has no event for. */
export function typesOf(payload: JsonObject): readonly string[] {
  const attributes = objectAt(payload, 'object_attributes');
  const action = textAt(attributes, 'action');
  switch (payload['object_kind']) {
    case 'push':
      return refTypes('branch', payload);
    case 'tag_push':
      return refTypes('tag', payload);
    case 'merge_request':
      // `oldrev` is there when commits were pushed.
      if (action === 'update' && textAt(attributes, 'oldrev') !== null) return ['gitlab.pr.synchronized'];
      return named('pr', mergeRequestActions, action);
    case 'issue':
      return named('issue', changes, action);
    case 'note':
      // Servers before 16.11 name no action, and tell of new ones only.
      return named('comment', noteActions, action ?? 'create');
    case 'pipeline':
      return named('pipeline', runStatuses, textAt(attributes, 'status'));
    case 'build':
      return named('job', runStatuses, textAt(payload, 'build_status'));
    case 'release':
      return named('release', releaseActions, textAt(payload, 'action'));
    default:
      return [];
  }
}

const isZero = (sha: string | null) => sha !== null && /^0{40,64}$/.test(sha);

/** GitLab tells in one delivery that a ref is new and what was pushed to it. */
function refTypes(kind: 'branch' | 'tag', payload: JsonObject): string[] {
  if (isZero(textAt(payload, 'after'))) return [`gitlab.${kind}.deleted`];
  return [...(isZero(textAt(payload, 'before')) ? [`gitlab.${kind}.created`] : []), `gitlab.${kind}.pushed`];
}

/** What a webhook must be asked to tell, for some types of the hub. */
export function hookEventsFor(types: readonly string[]): HookEvent[] {
  const wanted = new Set(types);
  const names = Object.keys(eventsOfHook) as HookEvent[];
  return names.filter((name) => eventsOfHook[name].some((type) => wanted.has(type)));
}
