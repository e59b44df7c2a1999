/** What subscribers get of a delivery: the fields that matter, in the hub's words. Nothing here throws, whatever was sent. */
import { boundedPayload, type JsonObject, objectAt, textAt } from '@inthub/connector-sdk';

/** Of the payload itself, so that an event stays below 256 KiB with the fields beside it. */
const maxPayloadBytes = 120_000;
const maxTextLength = 20_000;
const maxCommits = 20;

export function dataOf(event: string, payload: JsonObject): Record<string, unknown> {
  return {
    action: textAt(payload, 'action'),
    repository: repositoryOf(payload),
    sender: textAt(objectAt(payload, 'sender'), 'login'),
    ...subjectOf(event, payload),
    payload: boundedPayload(payload, maxPayloadBytes),
  };
}

function subjectOf(event: string, payload: JsonObject): Record<string, unknown> {
  const about = (field: string, read: (found: JsonObject) => object) => {
    const found = objectAt(payload, field);
    return found === undefined ? null : read(found);
  };
  switch (event) {
    case 'push':
      return { push: pushOf(payload) };
    case 'create':
    case 'delete':
      return { ref: textAt(payload, 'ref', 1024), refType: textAt(payload, 'ref_type') };
    case 'status':
      return { status: statusOf(payload) };
    case 'issues':
      return { issue: about('issue', issueOf) };
    case 'issue_comment':
      return { issue: about('issue', issueOf), comment: about('comment', commentOf) };
    case 'pull_request':
      return { pullRequest: about('pull_request', pullRequestOf) };
    case 'pull_request_approved':
    case 'pull_request_rejected':
    case 'pull_request_comment':
      return { pullRequest: about('pull_request', pullRequestOf), review: reviewOf(event, payload) };
    case 'release':
      return { release: about('release', releaseOf) };
    case 'workflow_run':
      return { run: about('workflow_run', runOf) };
    case 'workflow_job':
      return { job: about('workflow_job', runOf) };
    default:
      return {};
  }
}

function repositoryOf(payload: JsonObject): object | null {
  const found = objectAt(payload, 'repository');
  if (found === undefined) return null;
  return {
    id: idAt(found),
    name: textAt(found, 'name'),
    owner: textAt(objectAt(found, 'owner'), 'login'),
    fullName: textAt(found, 'full_name', 512),
    isPrivate: found['private'] === true,
    defaultBranch: textAt(found, 'default_branch'),
    url: textAt(found, 'html_url', 2048),
  };
}

function pushOf(payload: JsonObject): object {
  const commits = listAt(payload, 'commits');
  const total = payload['total_commits'];
  return {
    ref: textAt(payload, 'ref', 1024),
    before: textAt(payload, 'before'),
    after: textAt(payload, 'after'),
    compareUrl: textAt(payload, 'compare_url', 2048),
    commitCount: typeof total === 'number' ? total : commits.length,
    commits: commits.slice(0, maxCommits).map((commit) => ({
      sha: textAt(commit, 'id'),
      message: textAt(commit, 'message', 1000),
      author: textAt(objectAt(commit, 'author'), 'username') ?? textAt(objectAt(commit, 'author'), 'name'),
      url: textAt(commit, 'url', 2048),
    })),
  };
}

function statusOf(payload: JsonObject): object {
  return {
    sha: textAt(payload, 'sha'),
    state: textAt(payload, 'state'),
    context: textAt(payload, 'context'),
    description: textAt(payload, 'description', 1000),
    targetUrl: textAt(payload, 'target_url', 2048),
  };
}

function pullRequestOf(pull: JsonObject): object {
  return {
    ...itemOf(pull),
    isMerged: pull['merged'] === true,
    isDraft: pull['draft'] === true,
    sourceBranch: textAt(objectAt(pull, 'head'), 'ref'),
    targetBranch: textAt(objectAt(pull, 'base'), 'ref'),
    headSha: textAt(objectAt(pull, 'head'), 'sha'),
    baseSha: textAt(objectAt(pull, 'base'), 'sha'),
  };
}

function issueOf(issue: JsonObject): object {
  return {
    ...itemOf(issue),
    assignees: listAt(issue, 'assignees').flatMap((one) => textAt(one, 'login') ?? []),
    isPullRequest: objectAt(issue, 'pull_request') !== undefined,
  };
}

function itemOf(item: JsonObject): object {
  return {
    id: idAt(item),
    number: typeof item['number'] === 'number' ? item['number'] : null,
    title: textAt(item, 'title', 1024),
    body: textAt(item, 'body', maxTextLength),
    state: textAt(item, 'state'),
    author: textAt(objectAt(item, 'user'), 'login'),
    labels: listAt(item, 'labels').flatMap((label) => textAt(label, 'name') ?? []),
    url: textAt(item, 'html_url', 2048),
  };
}

function commentOf(comment: JsonObject): object {
  return {
    id: idAt(comment),
    body: textAt(comment, 'body', maxTextLength),
    author: textAt(objectAt(comment, 'user'), 'login'),
    url: textAt(comment, 'html_url', 2048),
  };
}

/** The verdict is in the name of the event; `review` holds the text, and who it is of is the sender. */
function reviewOf(event: string, payload: JsonObject): object {
  const states = { pull_request_approved: 'approved', pull_request_rejected: 'changes_requested' } as const;
  return {
    state: event in states ? states[event as keyof typeof states] : 'commented',
    body: textAt(objectAt(payload, 'review'), 'content', maxTextLength),
    author: textAt(objectAt(payload, 'sender'), 'login'),
    commitSha: textAt(payload, 'commit_id'),
  };
}

/** Runs of workflows and their jobs have these alike. */
function runOf(run: JsonObject): object {
  return {
    id: idAt(run),
    name: textAt(run, 'display_title') ?? textAt(run, 'name'),
    status: textAt(run, 'status'),
    conclusion: textAt(run, 'conclusion'),
    headSha: textAt(run, 'head_sha'),
    branch: textAt(run, 'head_branch'),
    url: textAt(run, 'html_url', 2048),
  };
}

function releaseOf(release: JsonObject): object {
  return {
    id: idAt(release),
    name: textAt(release, 'name'),
    tag: textAt(release, 'tag_name'),
    body: textAt(release, 'body', maxTextLength),
    isDraft: release['draft'] === true,
    isPrerelease: release['prerelease'] === true,
    url: textAt(release, 'html_url', 2048),
  };
}

function idAt(found: JsonObject | undefined): string | null {
  const id = found?.['id'];
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : null;
}

function listAt(found: JsonObject, field: string): JsonObject[] {
  const list = Object.hasOwn(found, field) ? found[field] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is JsonObject => typeof item === 'object' && item !== null && !Array.isArray(item));
}
