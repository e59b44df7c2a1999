/** What subscribers get of a delivery: the fields that matter, in the hub's words. Nothing here throws, whatever was sent. */
import { boundedPayload, type JsonObject, objectAt, textAt } from '@inthub/connector-sdk';

/** Of GitLab's own payload, so that an event stays below 256 KiB with the fields beside it. */
const maxPayloadBytes = 120_000;
const maxTextLength = 20_000;
const maxCommits = 20;

export function dataOf(payload: JsonObject): Record<string, unknown> {
  const attributes = objectAt(payload, 'object_attributes');
  return {
    action: textAt(attributes, 'action') ?? textAt(payload, 'action'),
    repository: repositoryOf(objectAt(payload, 'project')),
    sender: textAt(objectAt(payload, 'user'), 'username') ?? textAt(payload, 'user_username'),
    ...subjectOf(payload, attributes),
    payload: boundedPayload(payload, maxPayloadBytes),
  };
}

function subjectOf(payload: JsonObject, attributes: JsonObject | undefined): Record<string, unknown> {
  const about = (found: JsonObject | undefined, read: (found: JsonObject) => object) =>
    found === undefined ? null : read(found);
  switch (payload['object_kind']) {
    case 'push':
    case 'tag_push':
      return { push: pushOf(payload) };
    case 'merge_request':
      return { pullRequest: about(attributes, mergeRequestOf), labels: labelsOf(payload) };
    case 'issue':
      return { issue: about(attributes, itemOf), labels: labelsOf(payload) };
    case 'note':
      return {
        comment: about(attributes, commentOf),
        pullRequest: about(objectAt(payload, 'merge_request'), mergeRequestOf),
        issue: about(objectAt(payload, 'issue'), itemOf),
      };
    case 'pipeline':
      return { run: about(attributes, pipelineOf) };
    case 'build':
      return { job: jobOf(payload) };
    case 'release':
      return { release: releaseOf(payload) };
    default:
      return {};
  }
}

function repositoryOf(project: JsonObject | undefined): object | null {
  if (project === undefined) return null;
  const fullName = textAt(project, 'path_with_namespace', 512);
  const cut = fullName?.lastIndexOf('/') ?? -1;
  return {
    id: idAt(project),
    name: fullName === null ? null : fullName.slice(cut + 1),
    owner: fullName === null || cut < 1 ? null : fullName.slice(0, cut),
    fullName,
    // 20 is public (docs.gitlab.com/api/projects, "Project visibility level").
    isPrivate: project['visibility_level'] !== 20,
    defaultBranch: textAt(project, 'default_branch'),
    url: textAt(project, 'web_url', 2048),
  };
}

function pushOf(payload: JsonObject): object {
  const commits = listAt(payload, 'commits');
  const total = payload['total_commits_count'];
  return {
    ref: textAt(payload, 'ref', 1024),
    before: textAt(payload, 'before'),
    after: textAt(payload, 'after'),
    commitCount: typeof total === 'number' ? total : commits.length,
    commits: commits.slice(0, maxCommits).map((commit) => ({
      sha: textAt(commit, 'id'),
      message: textAt(commit, 'message', 1000),
      author: textAt(objectAt(commit, 'author'), 'name'),
      url: textAt(commit, 'url', 2048),
    })),
  };
}

function itemOf(item: JsonObject): object {
  return {
    id: idAt(item),
    number: typeof item['iid'] === 'number' ? item['iid'] : null,
    title: textAt(item, 'title', 1024),
    body: textAt(item, 'description', maxTextLength),
    state: textAt(item, 'state'),
    url: textAt(item, 'url', 2048),
  };
}

function mergeRequestOf(found: JsonObject): object {
  return {
    ...itemOf(found),
    isMerged: textAt(found, 'state') === 'merged',
    isDraft: found['draft'] === true || found['work_in_progress'] === true,
    sourceBranch: textAt(found, 'source_branch'),
    targetBranch: textAt(found, 'target_branch'),
    headSha: textAt(objectAt(found, 'last_commit'), 'id'),
    mergeCommitSha: textAt(found, 'merge_commit_sha'),
  };
}

function commentOf(comment: JsonObject): object {
  return {
    id: idAt(comment),
    on: textAt(comment, 'noteable_type'),
    body: textAt(comment, 'note', maxTextLength),
    path: textAt(objectAt(comment, 'position'), 'new_path', 4096),
    commitSha: textAt(comment, 'commit_id'),
    url: textAt(comment, 'url', 2048),
  };
}

function pipelineOf(found: JsonObject): object {
  return {
    id: idAt(found),
    name: textAt(found, 'name'),
    status: textAt(found, 'status'),
    headSha: textAt(found, 'sha'),
    branch: textAt(found, 'ref'),
    source: textAt(found, 'source'),
    url: textAt(found, 'url', 2048),
  };
}

function jobOf(payload: JsonObject): object {
  return {
    id: idAt(payload, 'build_id'),
    name: textAt(payload, 'build_name'),
    stage: textAt(payload, 'build_stage'),
    status: textAt(payload, 'build_status'),
    headSha: textAt(payload, 'sha'),
    branch: textAt(payload, 'ref'),
    runId: idAt(payload, 'pipeline_id'),
    failureReason: textAt(payload, 'build_failure_reason'),
  };
}

function releaseOf(payload: JsonObject): object {
  return {
    id: idAt(payload),
    name: textAt(payload, 'name'),
    tag: textAt(payload, 'tag'),
    body: textAt(payload, 'description', maxTextLength),
    url: textAt(payload, 'url', 2048),
  };
}

function labelsOf(payload: JsonObject): string[] {
  return listAt(payload, 'labels').flatMap((label) => textAt(label, 'title') ?? []);
}

function idAt(found: JsonObject | undefined, field = 'id'): string | null {
  const id = found?.[field];
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : null;
}

function listAt(found: JsonObject, field: string): JsonObject[] {
  const list = Object.hasOwn(found, field) ? found[field] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is JsonObject => typeof item === 'object' && item !== null && !Array.isArray(item));
}
