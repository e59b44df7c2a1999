/**
 * Events of Gitea and what the hub calls them. Source: go-gitea/gitea modules/webhook/type.go (names in `X-Gitea-Event`) and
 * modules/structs/hook.go (actions).
 */
import type { JsonObject } from '@inthub/connector-sdk';
import { askedEvents } from './hooks.ts';
import type { GiteaProduct } from './product.ts';

/** What the hub calls an event, after the product's id, by the event's `action`; what is not listed becomes no event. */
type Actions = Readonly<Record<string, string>>;

const same = (thing: string, ...actions: readonly string[]): Actions =>
  Object.fromEntries(actions.map((action) => [action, `${thing}.${action}`]));
const discussion = (thing: string): Actions => ({
  ...same(thing, 'opened', 'closed', 'reopened', 'edited', 'assigned', 'unassigned', 'milestoned', 'demilestoned'),
  label_updated: `${thing}.labeled`,
  label_cleared: `${thing}.unlabeled`,
});
const reviewed: Actions = { reviewed: 'review.submitted' };

const actionEvents: Readonly<Record<string, Actions>> = {
  issues: { ...discussion('issue'), ...same('issue', 'deleted') },
  issue_comment: same('comment', 'created', 'edited', 'deleted'),
  pull_request: {
    ...discussion('pr'),
    ...same('pr', 'synchronized', 'review_requested', 'review_request_removed'),
  },
  pull_request_approved: reviewed,
  pull_request_rejected: reviewed,
  pull_request_comment: reviewed,
  release: { ...same('release', 'published', 'deleted'), updated: 'release.edited' },
  repository: same('repository', 'created', 'deleted'),
  workflow_run: { ...same('workflow_run', 'requested', 'completed'), in_progress: 'workflow_run.started' },
  workflow_job: { ...same('workflow_job', 'queued', 'waiting', 'completed'), in_progress: 'workflow_job.started' },
};
/** Pushes, and refs that come and go, by the kind of ref. */
const refEvents = {
  push: { branch: 'branch.pushed', tag: 'tag.pushed' },
  create: { branch: 'branch.created', tag: 'tag.created' },
  delete: { branch: 'branch.deleted', tag: 'tag.deleted' },
} as const;
/** A pull request that was merged is closed too; it becomes `merged` alone. */
const merged = 'pr.merged';
const status = 'status.changed';
/** Git's id of no commit, which a push that ends a branch or tag names. */
const noCommit = /^0+$/;

function eventName(event: string, payload: JsonObject): string | undefined {
  if (event === 'status') return status;
  if (event === 'push') {
    const { ref, after } = payload;
    // The end of a branch or tag is told by `delete` as well.
    if (typeof ref !== 'string' || (typeof after === 'string' && noCommit.test(after))) return undefined;
    if (ref.startsWith('refs/heads/')) return refEvents.push.branch;
    return ref.startsWith('refs/tags/') ? refEvents.push.tag : undefined;
  }
  if (event === 'create' || event === 'delete') {
    const kind = payload['ref_type'];
    return kind === 'branch' || kind === 'tag' ? refEvents[event][kind] : undefined;
  }
  const { action, pull_request: pull } = payload;
  if (event === 'pull_request' && action === 'closed' && (pull as JsonObject | null)?.['merged'] === true)
    return merged;
  const actions = Object.hasOwn(actionEvents, event) ? actionEvents[event] : undefined;
  return typeof action === 'string' && actions !== undefined && Object.hasOwn(actions, action)
    ? actions[action]
    : undefined;
}

/** Names of the hub by the product's event. */
const names: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(actionEvents).map(([event, actions]) => [event, Object.values(actions)])),
  ...Object.fromEntries(Object.entries(refEvents).map(([event, kinds]) => [event, Object.values(kinds)])),
  pull_request: [...Object.values(actionEvents['pull_request'] ?? {}), merged],
  status: [status],
};

/** Every type that a webhook of the product can become. */
export function eventTypes({ id }: GiteaProduct): readonly string[] {
  return [...new Set(Object.values(names).flat())].map((name) => `${id}.${name}`);
}

/** The type of one delivery; undefined for what the hub has no event for. */
export function typeOf({ id }: GiteaProduct, event: string, payload: JsonObject): string | undefined {
  const name = eventName(event, payload);
  return name === undefined ? undefined : `${id}.${name}`;
}

/** What a webhook has to ask for to be told of some types of the hub. */
export function eventsFor(product: GiteaProduct, types: readonly string[]): string[] {
  const wanted = new Set(types);
  const told = Object.entries(names).filter(([, found]) => found.some((name) => wanted.has(`${product.id}.${name}`)));
  return [...new Set(told.flatMap(([event]) => askedEvents(event)))].sort();
}
