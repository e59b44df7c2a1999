/** Answers of GitHub's that emulate does not give, or gives otherwise; shaped by GitHub's description. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import type { components } from '@octokit/openapi-types';

type Schemas = components['schemas'];

/** A commit status as GitHub gives it back. */
export function emulateStatuses(): Responder {
  let count = 0;
  return ({ method, url, body }): Reply | undefined => {
    const [, repository = '', sha = ''] = /\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]+)$/.exec(url.pathname) ?? [];
    if (method !== 'POST' || sha === '') return undefined;
    if (repository.endsWith('/no-such-repository')) return { status: 404, json: { message: 'Not Found' } };
    if (/^0+$/.test(sha)) return { status: 422, json: { message: `No commit found for SHA: ${sha}` } };
    const given = JSON.parse(Buffer.from(body ?? []).toString()) as Partial<Schemas['status']> & { state: string };
    if ((given.description ?? '').length > 140)
      return {
        status: 422,
        json: { message: 'Validation Failed', errors: [{ field: 'description', code: 'invalid' }] },
      };
    count += 1;
    const status: Schemas['status'] = {
      url: `${url.origin}/repos/${repository}/statuses/${sha}`,
      avatar_url: null,
      id: count,
      node_id: `S_${count}`,
      state: given.state,
      description: given.description ?? null,
      target_url: given.target_url ?? null,
      context: given.context ?? 'default',
      created_at: '2026-11-21T10:00:00Z',
      updated_at: '2026-11-21T10:00:00Z',
      creator: null,
    };
    return { status: 201, json: status };
  };
}

const invalid = (error: object): Reply => ({
  status: 422,
  json: { message: 'Validation Failed', errors: [{ resource: 'PullRequest', ...error }] },
});

/** GitHub refuses a branch that does not exist and a second pull request of the same branches; emulate makes both. */
export function mendPullRequests(transport: Responder): Responder {
  return async (request, signal) => {
    const [, root = '', owner = ''] = /^(\/repos\/([^/]+)\/[^/]+)\/pulls$/.exec(request.url.pathname) ?? [];
    if (request.method !== 'POST' || root === '') return undefined;
    const { head = '' } = JSON.parse(Buffer.from(request.body ?? []).toString()) as { head?: string };
    const get = async (path: string) =>
      transport({ ...request, method: 'GET', body: null, url: new URL(root + path, request.url) }, signal);
    const branch = await get(`/branches/${encodeURIComponent(head)}`);
    if (branch?.status === 404) return invalid({ field: 'head', code: 'invalid' });
    const open = await get(`/pulls?state=open&head=${encodeURIComponent(`${owner}:${head}`)}`);
    const found = JSON.parse(Buffer.from(open?.bytes ?? []).toString()) as unknown[];
    if (found.length === 0) return undefined;
    return invalid({ code: 'custom', message: `A pull request already exists for ${owner}:${head}.` });
  };
}

/** emulate takes the qualifier `fork:true`, which only adds forks, for a condition that nothing meets. */
export function mendSearch(transport: Responder): Responder {
  return (request: SentRequest, signal) => {
    if (!request.url.pathname.endsWith('/search/repositories')) return undefined;
    const url = new URL(request.url);
    url.searchParams.set('q', (url.searchParams.get('q') ?? '').replace(' fork:true', ''));
    return transport({ ...request, url }, signal);
  };
}

const at = '2026-11-21T10:00:00Z';
const sha = 'a'.repeat(40);

/** A page of a list by `page` and `per_page`, with the Link header that GitHub gives. */
function paged(request: SentRequest, all: readonly unknown[], field?: string): Reply {
  const { url } = request;
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const items = all.slice((page - 1) * size, page * size);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return {
    json: field === undefined ? items : { total_count: all.length, [field]: items },
    headers: page * size < all.length ? { link: `<${next.href}>; rel="next"` } : {},
  };
}

export const jobLog = '2026-11-21T10:00:00Z Grüße from the job\n2026-11-21T10:00:01Z done\n';
export const artifactZip = Buffer.from('PK\u0005\u0006 not much of an archive');

/** GitHub Actions of octocat/hello-world: two workflows and three runs, of which the last still runs. */
export function fakeActions(): Responder {
  const notFound: Reply = { status: 404, json: { message: 'Not Found' } };
  const workflow = (id: number, file: string): Partial<Schemas['workflow']> => ({
    id,
    name: file,
    path: `.github/workflows/${file}`,
    state: 'active',
    created_at: at,
    updated_at: at,
    html_url: `https://github.com/octocat/hello-world/blob/main/.github/workflows/${file}`,
  });
  const run = (id: number, status: string, conclusion: string | null): Partial<Schemas['workflow-run']> => ({
    id,
    name: 'CI',
    display_title: `Run of ${id}`,
    run_number: id - 100,
    run_attempt: 1,
    workflow_id: 1,
    head_branch: 'main',
    head_sha: sha,
    event: 'push',
    status,
    conclusion,
    created_at: at,
    updated_at: at,
    run_started_at: at,
    html_url: `https://github.com/octocat/hello-world/actions/runs/${id}`,
  });
  const job = (id: number, name: string): Partial<Schemas['job']> => ({
    id,
    run_id: 101,
    name,
    status: 'completed',
    conclusion: 'success',
    started_at: at,
    completed_at: at,
    runner_name: 'GitHub Actions 1',
    html_url: `https://github.com/octocat/hello-world/actions/runs/101/job/${id}`,
  });
  const artifact: Partial<Schemas['artifact']> = {
    id: 301,
    name: 'report',
    size_in_bytes: artifactZip.length,
    expired: false,
    created_at: at,
    expires_at: '2027-02-19T10:00:00Z',
    digest: `sha256:${'b'.repeat(64)}`,
    workflow_run: { id: 101 },
  };
  const runs = [run(103, 'in_progress', null), run(102, 'completed', 'failure'), run(101, 'completed', 'success')];

  return (request): Reply | undefined => {
    const [, repo, path = ''] = /\/repos\/octocat\/([^/]+)\/actions(\/.*)$/.exec(request.url.pathname) ?? [];
    if (repo === undefined) return undefined;
    if (repo !== 'hello-world') return notFound;
    const route = `${request.method} ${path}`;
    const ofRun = /^\/runs\/(\d+)(?:\/(cancel|jobs|artifacts))?$/.exec(path);
    const found = runs.find(({ id }) => id === Number(ofRun?.[1]));
    if (ofRun !== null && found === undefined) return notFound;
    if (ofRun?.[2] === 'cancel')
      return found?.status === 'completed'
        ? { status: 409, json: { message: 'Cannot cancel a workflow run that is completed.' } }
        : { status: 202, json: {} };
    if (ofRun?.[2] === 'jobs') return paged(request, [job(201, 'build'), job(202, 'test')], 'jobs');
    if (ofRun?.[2] === 'artifacts') return paged(request, [artifact], 'artifacts');
    if (found !== undefined) return { json: found };
    switch (route) {
      case 'GET /workflows':
        return paged(request, [workflow(1, 'ci.yml'), workflow(2, 'release.yml')], 'workflows');
      case 'GET /runs':
      case 'GET /workflows/ci.yml/runs':
        return paged(request, runs, 'workflow_runs');
      case 'GET /artifacts':
        return paged(request, [artifact], 'artifacts');
      case 'GET /artifacts/301':
        return { json: artifact };
      case 'GET /artifacts/301/zip':
        return { bytes: artifactZip, headers: { 'content-type': 'application/zip' } };
      case 'GET /jobs/201/logs':
        return { text: jobLog };
      case 'POST /workflows/ci.yml/dispatches':
        return dispatched(request);
      default:
        return notFound;
    }
  };
}

function dispatched({ body, url }: SentRequest): Reply {
  const given = JSON.parse(Buffer.from(body ?? []).toString()) as { ref: string; return_run_details?: boolean };
  if (given.ref !== 'main') return { status: 422, json: { message: `No ref found for: ${given.ref}` } };
  const details: Schemas['workflow-dispatch-response'] = {
    workflow_run_id: 103,
    run_url: `${url.origin}/repos/octocat/hello-world/actions/runs/103`,
    html_url: 'https://github.com/octocat/hello-world/actions/runs/103',
  };
  return given.return_run_details === true ? { json: details } : { status: 204 };
}
