/** GitHub's events and what the hub calls them. Source: docs.github.com/webhooks/webhook-events-and-payloads. */
import type { JsonObject } from '@inthub/connector-sdk';

/** Type of the hub by GitHub's `action`; an action that is not listed is kept as a delivery and becomes no event. */
type Actions = Readonly<Record<string, string>>;

const same = (thing: string, ...actions: readonly string[]): Actions =>
  Object.fromEntries(actions.map((action) => [action, `github.${thing}.${action}`]));

const labels = ['labeled', 'unlabeled', 'assigned', 'unassigned'];

/** Events that are told apart by their action. */
const actionEvents: Readonly<Record<string, Actions>> = {
  pull_request: {
    ...same('pr', 'opened', 'closed', 'reopened', 'edited', 'review_requested', 'review_request_removed', ...labels),
    synchronize: 'github.pr.synchronized',
    ready_for_review: 'github.pr.readied',
    converted_to_draft: 'github.pr.drafted',
  },
  pull_request_review: same('review', 'submitted', 'edited', 'dismissed'),
  pull_request_review_comment: same('review_comment', 'created', 'edited', 'deleted'),
  issues: same('issue', 'opened', 'closed', 'reopened', 'edited', 'deleted', 'transferred', ...labels),
  issue_comment: same('comment', 'created', 'edited', 'deleted'),
  commit_comment: same('commit_comment', 'created'),
  check_run: {
    ...same('check_run', 'created', 'completed', 'rerequested'),
    requested_action: 'github.check_run.action_requested',
  },
  check_suite: same('check_suite', 'requested', 'rerequested', 'completed'),
  workflow_run: { ...same('workflow_run', 'requested', 'completed'), in_progress: 'github.workflow_run.started' },
  workflow_job: { ...same('workflow_job', 'queued', 'completed'), in_progress: 'github.workflow_job.started' },
  release: same('release', 'published', 'unpublished', 'created', 'edited', 'deleted', 'prereleased', 'released'),
  repository: same(
    'repository',
    'created',
    'deleted',
    'archived',
    'unarchived',
    'edited',
    'renamed',
    'transferred',
    'publicized',
    'privatized',
  ),
  installation: {
    ...same('installation', 'created', 'deleted'),
    suspend: 'github.installation.suspended',
    unsuspend: 'github.installation.unsuspended',
    new_permissions_accepted: 'github.installation.permissions_accepted',
  },
  installation_repositories: {
    added: 'github.installation.repositories_added',
    removed: 'github.installation.repositories_removed',
  },
};

/** A pull request that was merged is closed too; it becomes `merged` alone. */
const mergedType = 'github.pr.merged';
const statusType = 'github.status.changed';
const pingType = 'github.webhook.pinged';
/** Pushes, and refs that come and go, by the kind of ref. */
const refTypes = {
  push: { branch: 'github.branch.pushed', tag: 'github.tag.pushed' },
  create: { branch: 'github.branch.created', tag: 'github.tag.created' },
  delete: { branch: 'github.branch.deleted', tag: 'github.tag.deleted' },
} as const;

export const eventTypes: readonly string[] = [
  ...new Set([
    ...Object.values(actionEvents).flatMap((actions) => Object.values(actions)),
    mergedType,
    statusType,
    pingType,
    ...Object.values(refTypes).flatMap((kinds) => Object.values(kinds)),
  ]),
];

/** The type of one delivery; undefined for what the hub has no event for. */
export function typeOf(event: string, payload: JsonObject): string | undefined {
  if (event === 'status') return statusType;
  if (event === 'ping') return pingType;
  if (event === 'push') {
    // The end of a branch or tag is told by `delete` as well.
    if (payload['deleted'] === true) return undefined;
    const ref = typeof payload['ref'] === 'string' ? payload['ref'] : '';
    if (ref.startsWith('refs/heads/')) return refTypes.push.branch;
    return ref.startsWith('refs/tags/') ? refTypes.push.tag : undefined;
  }
  if (event === 'create' || event === 'delete') {
    const kind = payload['ref_type'];
    return kind === 'branch' || kind === 'tag' ? refTypes[event][kind] : undefined;
  }
  const { action, pull_request: pull } = payload;
  if (event === 'pull_request' && action === 'closed' && (pull as JsonObject | null)?.['merged'] === true)
    return mergedType;
  const actions = Object.hasOwn(actionEvents, event) ? actionEvents[event] : undefined;
  return typeof action === 'string' && actions !== undefined && Object.hasOwn(actions, action)
    ? actions[action]
    : undefined;
}

/** GitHub's events that tell of some types of the hub. */
export function eventsFor(types: readonly string[]): string[] {
  const wanted = new Set(types);
  const events = new Set<string>();
  const add = (event: string, found: readonly string[]) => {
    if (found.some((type) => wanted.has(type))) events.add(event);
  };
  for (const [event, actions] of Object.entries(actionEvents)) add(event, Object.values(actions));
  for (const [event, kinds] of Object.entries(refTypes)) add(event, Object.values(kinds));
  add('pull_request', [mergedType]);
  add('status', [statusType]);
  // GitHub sends these to Apps without being asked, and takes them in no repository's webhook.
  for (const unasked of ['installation', 'installation_repositories']) events.delete(unasked);
  return [...events].sort();
}
