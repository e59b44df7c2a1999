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
