/** A GitLab that keeps what it is told, shaped by GitLab's description and by @gitbeaker/rest's types where that has none. */

import type { DiscussionSchema, MergeRequestNoteSchema, RepositoryFileExpandedSchema } from '@gitbeaker/rest';
import {
  type Counterpart,
  createMockGateway,
  type Reply,
  type Responder,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { gitlab } from './connector.ts';
import {
  at,
  bad,
  baseSha,
  branches,
  commits,
  diff,
  fakePipelines,
  files,
  headSha,
  hit,
  type Json,
  keyed,
  notFound,
  paged,
  projects,
  user,
  web,
} from './testing.ts';

const ofCi = /\/(?:pipelines?|jobs)(?:\/|$)/;

export async function startCounterpart(): Promise<Counterpart> {
  const respond = createFakeGitLab();
  const project = { owner: 'acme/tools', repo: 'app' };
  const gateway = createMockGateway({ connector: gitlab, respond });
  await gateway.run('pr.create', { ...project, title: 'First', sourceBranch: 'feature/one', targetBranch: 'main' });
  await gateway.run('issue.create', { ...project, title: 'First' });
  const one = { ...project, number: 1 };
  const pipelines = fakePipelines();
  return {
    name: 'a fake GitLab',
    proof: 'vendor description',
    respond: (request, signal) => (ofCi.test(request.url.pathname) ? pipelines : respond)(request, signal),
    inputs: {
      'repo.list': {},
      'repo.get': project,
      'repo.clone': project,
      'branch.list': project,
      'tag.list': project,
      'commit.list': project,
      'commit.get': { ...project, ref: 'main' },
      'file.get': { ...project, path: 'README.md' },
      'tree.get': { ...project, recursive: true },
      'pr.list': project,
      'pr.get': one,
      'pr.create': { ...project, title: 'Second', sourceBranch: 'feature/two', targetBranch: 'main' },
      'pr.review': { ...one, verdict: 'approve' },
      'pr.comment': { ...one, body: 'On a line', path: 'src/main.ts', line: 2 },
      'pr.merge': one,
      'issue.list': project,
      'issue.create': { ...project, title: 'Second', labels: ['bug'] },
      'issue.update': { ...one, state: 'closed' },
      'search.code': { ...project, query: 'README' },
      'search.issues': { query: 'First' },
      'status.create': { ...project, sha: headSha, state: 'success', context: 'hub/try' },
      'webhook.register': { ...project, url: 'https://hub.example.com/x', secret: 'a-secret-of-the-counterpart' },
      'webhook.remove': { ...project, externalId: '1' },
      'run.list': project,
      'run.get': { ...project, runId: '31' },
      'run.trigger': { ...project, ref: 'main' },
      'run.cancel': { ...project, runId: '33' },
      'job.list': { ...project, runId: '31' },
      'job.log': { ...project, jobId: '41' },
      'artifact.list': project,
      'artifact.get': { ...project, artifactId: '41' },
      'gitlab.comment.list': one,
      'gitlab.comment.create': { ...one, body: 'A *comment*' },
    },
    stop: () => Promise.resolve(),
  };
}

export function createFakeGitLab(): Responder {
  const issues: Json[] = [];
  const mergeRequests: Json[] = [];
  const notes = new Map<number, Json[]>();
  const statuses = new Map<string, Json>();
  const hooks = new Set<number>();
  let count = 100;
  const nextId = () => {
    count += 1;
    return count;
  };
  const note = (body: unknown, more: Json = {}): Partial<MergeRequestNoteSchema> => ({
    id: nextId(),
    type: null,
    body: String(body),
    attachment: null,
    author: user,
    created_at: at,
    updated_at: at,
    system: false,
    noteable_type: 'MergeRequest',
    resolvable: false,
    ...more,
  });

  const ofIssues = (request: SentRequest, id: string | undefined, given: Json): Reply => {
    const { searchParams } = request.url;
    if (id === undefined && request.method === 'GET') {
      const state = searchParams.get('state') ?? 'all';
      const words = searchParams.get('search') ?? '';
      const found = issues.filter(
        (issue) => (state === 'all' || issue['state'] === state) && String(issue['title']).includes(words),
      );
      return paged(request, found.toReversed());
    }
    const assigned = (ids: unknown) => (Array.isArray(ids) ? (ids[0] === 0 ? [] : [user]) : undefined);
    if (id === undefined) {
      const iid = issues.length + 1;
      const made = {
        id: nextId(),
        iid,
        project_id: 1,
        title: given['title'],
        description: given['description'] ?? null,
        state: 'opened',
        author: user,
        assignees: assigned(given['assignee_ids']) ?? [],
        labels: given['labels'] ?? [],
        created_at: at,
        updated_at: at,
        web_url: `${web}/acme/tools/app/-/issues/${iid}`,
        references: { short: `#${iid}`, relative: `#${iid}`, full: `acme/tools/app#${iid}` },
      };
      issues.push(made);
      return { status: 201, json: made };
    }
    const found = issues.find(({ iid }) => iid === Number(id));
    if (found === undefined) return notFound('Issue');
    const { state_event, assignee_ids, ...fields } = given;
    Object.assign(found, fields);
    if (state_event !== undefined) found['state'] = state_event === 'close' ? 'closed' : 'opened';
    found['assignees'] = assigned(assignee_ids) ?? found['assignees'];
    return { json: found };
  };

  const ofMergeRequests = (request: SentRequest, id: string | undefined, rest: string, given: Json): Reply => {
    const { searchParams } = request.url;
    if (id === undefined && request.method === 'GET') {
      const state = searchParams.get('state');
      return paged(request, mergeRequests.filter((one) => state === 'all' || one['state'] === state).toReversed());
    }
    if (id === undefined) {
      const { title, description = null, source_branch, target_branch } = given;
      if (!branches.includes(String(source_branch))) return bad(400, ['Source branch "x" does not exist']);
      if (mergeRequests.some((one) => one['source_branch'] === source_branch && one['state'] === 'opened'))
        return bad(409, ['Another open merge request already exists for this source branch: !1']);
      const iid = mergeRequests.length + 1;
      const made = {
        id: nextId(),
        iid,
        project_id: 1,
        title,
        description,
        state: 'opened',
        author: user,
        assignees: [],
        reviewers: [user],
        source_branch,
        target_branch,
        labels: [],
        draft: String(title).startsWith('Draft:'),
        sha: headSha,
        merge_status: 'can_be_merged',
        detailed_merge_status: 'mergeable',
        merge_commit_sha: null,
        squash_commit_sha: null,
        merge_user: null,
        merged_at: null,
        created_at: at,
        updated_at: at,
        web_url: `${web}/acme/tools/app/-/merge_requests/${iid}`,
        changes_count: '1',
        diff_refs: { base_sha: baseSha, start_sha: baseSha, head_sha: headSha },
      };
      mergeRequests.push(made);
      notes.set(iid, [note('approved this merge request', { system: true })]);
      return { status: 201, json: made };
    }
    const found = mergeRequests.find(({ iid }) => iid === Number(id));
    const own = notes.get(Number(id));
    if (found === undefined || own === undefined) return notFound('Merge Request');
    const add = (made: Json): Json => {
      own.push(made);
      return made;
    };
    const changed = /^\/notes\/(\d+)$/.exec(rest);
    if (changed !== null) {
      const one = own.find((each) => each['id'] === Number(changed[1]));
      if (one === undefined) return notFound('Note');
      return { json: Object.assign(one, given) };
    }
    switch (`${request.method} ${rest}`) {
      case 'GET ':
        return { json: found };
      case 'GET /reviewers':
        return { json: [{ user, state: 'unreviewed', created_at: at }] };
      case 'GET /approvals':
        return { json: { user_has_approved: false, user_can_approve: true, approved: false, approved_by: [] } };
      case 'POST /approve':
        return { status: 201, json: { approved: true, approved_by: [{ user, approved_at: at }] } };
      case 'GET /notes':
        return paged(request, own);
      case 'POST /notes':
        return { status: 201, json: add(note(given['body'])) };
      case 'GET /diffs':
        return paged(request, [diff]);
      case 'POST /discussions': {
        const made = add(note(given['body'], { type: 'DiffNote', position: given['position'] }));
        const discussion: Omit<DiscussionSchema, 'notes'> = { id: 'd'.repeat(40), individual_note: false };
        return { status: 201, json: { ...discussion, notes: [made] } };
      }
      case 'PUT /merge':
        if (found['state'] !== 'opened') return bad(405, '405 Method Not Allowed');
        if (given['sha'] !== undefined && given['sha'] !== headSha)
          return bad(409, 'SHA does not match HEAD of source branch');
        Object.assign(found, { state: 'merged', merged_at: at, merge_commit_sha: 'c'.repeat(40), merge_user: user });
        return { json: found };
      default:
        return notFound('Route');
    }
  };

  const ofRepository = (request: SentRequest, rest: string): Reply => {
    const { searchParams } = request.url;
    const ref = searchParams.get('ref') ?? 'HEAD';
    const [, kind = '', more = ''] = /^\/([a-z]+)(?:\/(.*))?$/.exec(rest) ?? [];
    if (kind === 'branches')
      return paged(
        request,
        branches.map((name) => ({ name, commit: commits[0], protected: name === 'main' })),
      );
    if (kind === 'tags')
      return paged(
        request,
        ['v2', 'v1'].map((name) => ({ name, message: null, target: baseSha, commit: commits[1] })),
      );
    if (kind === 'files') {
      const name = decodeURIComponent(more);
      const bytes = files[name];
      if (bytes === undefined || !['HEAD', 'main'].includes(ref)) return notFound('File');
      const content = Buffer.from(bytes).toString('base64');
      const file: Partial<RepositoryFileExpandedSchema> = {
        file_path: name,
        size: bytes.length,
        encoding: 'base64',
        content,
        blob_id: headSha,
      };
      return { json: file };
    }
    if (kind === 'tree') {
      const folder = searchParams.get('path');
      const all = [
        ...Object.keys(files).map((name) => ({ path: name, type: 'blob', mode: '100644' })),
        { path: 'src', type: 'tree', mode: '040000' },
      ].map((node) => ({ id: headSha, name: node.path.split('/').at(-1), ...node }));
      const isIn = (path: string) => (folder === null ? true : path.startsWith(`${folder}/`));
      const isDeep = searchParams.get('recursive') === 'true' || folder !== null;
      return keyed(
        request,
        all.filter(({ path }) => isIn(path) && (isDeep || !path.includes('/'))),
        'path',
        'page_token',
      );
    }
    if (more === '') return paged(request, commits);
    const [sha = '', below] = more.split('/');
    const found = commits.find(({ id }) => id === sha) ?? (sha === 'main' ? commits[0] : undefined);
    if (below === 'statuses')
      return paged(
        request,
        [...statuses.values()].filter((one) => one['sha'] === sha),
      );
    if (found === undefined) return notFound('Commit');
    if (below === 'diff') return paged(request, [diff]);
    return { json: { ...found, stats: { additions: 1, deletions: 1, total: 2 } } };
  };

  const setStatus = (sha: string, given: Json): Reply => {
    if (commits.every(({ id }) => id !== sha)) return notFound('Commit');
    const key = `${sha} ${given['name']}`;
    if (statuses.get(key)?.['status'] === given['state'])
      return bad(400, `Cannot transition status via :enqueue from :${given['state']}`);
    if (String(given['description'] ?? '').length > 255) return bad(400, { description: ['is too long'] });
    const { name, description = null, target_url = null, state: status } = given;
    const made = {
      id: nextId(),
      sha,
      ref: 'main',
      status,
      name,
      description,
      target_url,
      created_at: at,
      author: user,
    };
    statuses.set(key, made);
    return { status: 201, json: made };
  };

  const ofProject = (request: SentRequest, rest: string, given: Json): Reply => {
    if (rest.startsWith('/repository/')) return ofRepository(request, rest.slice('/repository'.length));
    const issue = /^\/issues(?:\/(\d+))?$/.exec(rest);
    if (issue !== null) return ofIssues(request, issue[1], given);
    const merge = /^\/merge_requests(?:\/(\d+)(\/.*)?)?$/.exec(rest);
    if (merge !== null) return ofMergeRequests(request, merge[1], merge[2] ?? '', given);
    const status = /^\/statuses\/([0-9a-f]+)$/.exec(rest);
    if (status !== null) return setStatus(status[1] ?? '', given);
    if (rest === '/search') return paged(request, [hit]);
    if (rest === '/hooks') {
      const id = nextId();
      hooks.add(id);
      return { status: 201, json: { id, url: given['url'], created_at: at } };
    }
    const hook = /^\/hooks\/(\d+)$/.exec(rest);
    if (hook !== null) return hooks.delete(Number(hook[1])) ? { status: 204 } : notFound('Hook');
    return notFound('Route');
  };

  return (request): Reply => {
    const { pathname, searchParams } = request.url;
    const given = request.body === null ? {} : (JSON.parse(Buffer.from(request.body).toString()) as Json);
    const [, below = ''] = /^\/api\/v4(\/.*)$/.exec(pathname) ?? [];
    const named = projects.filter(({ path }) => String(path).includes(searchParams.get('search') ?? ''));
    const [, id, rest = ''] = /^\/projects\/([^/]+)(\/.*)?$/.exec(below) ?? [];
    if (id !== undefined) {
      const wanted = decodeURIComponent(id);
      const found = projects.find((one) => one['path_with_namespace'] === wanted || String(one['id']) === wanted);
      if (found === undefined) return notFound('Project');
      return rest === '' ? { json: found } : ofProject(request, rest, given);
    }
    switch (below) {
      case '/projects':
        return keyed(request, named, 'id', 'id_after');
      case '/groups/acme%2Ftools/projects':
      case '/users/robot/projects':
        return paged(request, named);
      case '/users':
        return { json: searchParams.get('username') === user.username ? [user] : [] };
      case '/issues':
        return ofIssues(request, undefined, given);
      case '/user':
        return { json: { id: user.id, username: user.username, name: user.name } };
      case '/personal_access_tokens/self':
        return { json: { id: 1, name: 'hub', scopes: ['api'], active: true, expires_at: '2027-01-01' } };
      case '/metadata':
        return { json: { version: '18.6.0', revision: 'abc', enterprise: false } };
      case '/job':
        return { json: { id: 1, name: 'build', status: 'running', stage: 'test', user: { id: 7, username: 'robot' } } };
      default:
        return notFound('Route');
    }
  };
}
