/** Issues, comments, pull requests and reviews of the fake. */
import type { Reply, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import type { PullReview } from 'gitea-js';
import {
  at,
  bodyOf,
  type FakeCommit,
  type FakeRepository,
  notFound,
  paged,
  problem,
  type Remark,
  route,
  user,
} from './fake-data.ts';

const people = (logins: readonly string[] | undefined) => (logins ?? []).map(user);
const labelsOf = ({ labels }: FakeRepository, ids: readonly number[] | undefined) =>
  labels.filter(({ id }) => ids?.includes(id)).map(({ id, name }) => ({ id, name, color: 'ff0000' }));
const numberOf = ({ issues, pulls }: FakeRepository) => issues.length + pulls.length + 1;

/** `labels` finds any of the names, unknown ones aside, as Gitea does; newest first. */
export function listIssues(repo: FakeRepository, request: SentRequest): Reply {
  const query = request.url.searchParams;
  const labels = (query.get('labels') ?? '')
    .split(',')
    .filter((name) => repo.labels.some((label) => label.name === name));
  const found = repo.issues.filter(
    ({ state, title = '', labels: has = [], assignees = [] }) =>
      (query.get('state') === 'all' || state === (query.get('state') ?? 'open')) &&
      title.toLowerCase().includes((query.get('q') ?? '').toLowerCase()) &&
      (labels.length === 0 || has.some(({ name = '' }) => labels.includes(name))) &&
      (query.get('assigned_by') === null || assignees.some(({ login }) => login === query.get('assigned_by'))),
  );
  return paged(request, found.toReversed());
}

export function discussions(repo: FakeRepository): Responder {
  const comment = (of: number, body: string) => {
    const found = {
      id: repo.comments.length + 100,
      of,
      body,
      user: user('octo'),
      html_url: `${repo.info.html_url}/issues/${of}#issuecomment-${repo.comments.length + 100}`,
      created_at: at,
      updated_at: at,
    };
    repo.comments.push(found);
    return found;
  };
  const isKnown = (number: number) => [...repo.issues, ...repo.pulls].some((found) => found.number === number);
  return route([
    ['GET', /^\/labels$/, (_path, request) => paged(request, repo.labels)],
    ['GET', /^\/issues$/, (_path, request) => listIssues(repo, request)],
    [
      'POST',
      /^\/issues$/,
      (_path, request) => {
        const {
          title = '',
          body,
          labels,
          assignees,
        } = bodyOf(request) as { title?: string; body?: string; labels?: number[]; assignees?: string[] };
        const number = numberOf(repo);
        const issue = {
          id: number + 1000,
          number,
          title,
          body: body ?? '',
          state: 'open' as const,
          user: user('octo'),
          assignees: people(assignees),
          labels: labelsOf(repo, labels),
          repository: { id: 1, name: repo.info.name, owner: 'octo', full_name: repo.info.full_name ?? '' },
          created_at: at,
          updated_at: at,
          html_url: `${repo.info.html_url}/issues/${number}`,
        };
        repo.issues.push(issue);
        return { status: 201, json: issue };
      },
    ],
    [
      'PATCH',
      /^\/issues\/comments\/(\d+)$/,
      ([id], request) => {
        const found = repo.comments.find((one) => one.id === Number(id));
        return found === undefined ? notFound : { json: Object.assign(found, bodyOf(request)) };
      },
    ],
    [
      'GET',
      /^\/issues\/(\d+)$/,
      ([number]) => {
        const found = repo.issues.find((issue) => issue.number === Number(number));
        return found === undefined ? notFound : { json: found };
      },
    ],
    [
      'PATCH',
      /^\/issues\/(\d+)$/,
      ([number], request) => {
        const found = repo.issues.find((issue) => issue.number === Number(number));
        if (found === undefined) return notFound;
        const { assignees, ...changes } = bodyOf(request) as { assignees?: string[] };
        return {
          status: 201,
          json: Object.assign(found, changes, assignees === undefined ? {} : { assignees: people(assignees) }),
        };
      },
    ],
    [
      'PUT',
      /^\/issues\/(\d+)\/labels$/,
      ([number], request) => {
        const found = repo.issues.find((issue) => issue.number === Number(number));
        if (found === undefined) return notFound;
        found.labels = labelsOf(repo, bodyOf(request)['labels'] as number[]);
        return { json: found.labels };
      },
    ],
    // Not paged, as in Gitea.
    [
      'GET',
      /^\/issues\/(\d+)\/comments$/,
      ([number]) =>
        isKnown(Number(number)) ? { json: repo.comments.filter(({ of }) => of === Number(number)) } : notFound,
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/comments$/,
      ([number], request) =>
        isKnown(Number(number))
          ? { status: 201, json: comment(Number(number), String(bodyOf(request)['body'])) }
          : notFound,
    ],
  ]);
}

export function pulls(
  repo: FakeRepository,
  history: readonly FakeCommit[],
  { mergeMethod }: { readonly mergeMethod: string },
): Responder {
  const side = (ref: string) => ({ label: ref, ref, sha: repo.branches.get(ref) ?? '', repo_id: 1, repo: repo.info });
  const find = (number: string | undefined) => repo.pulls.find((pull) => pull.number === Number(number));
  return route([
    [
      'GET',
      /^\/pulls$/,
      (_path, request) => {
        const query = request.url.searchParams;
        const base = query.get('base_branch') ?? query.get('base');
        const found = repo.pulls.filter(
          (pull) =>
            (query.get('state') === 'all' || pull.state === query.get('state')) &&
            (base === null || pull.base?.ref === base),
        );
        return paged(request, found.toReversed());
      },
    ],
    [
      'POST',
      /^\/pulls$/,
      (_path, request) => {
        const { title = '', body, head = '', base = '' } = bodyOf(request) as Record<string, string>;
        if (!repo.branches.has(head)) return notFound;
        if (repo.pulls.some((pull) => pull.state === 'open' && pull.head?.ref === head))
          return problem(409, 'pull request already exists for these targets');
        const number = numberOf(repo);
        const pull = {
          id: number + 2000,
          number,
          title,
          body: body ?? '',
          state: 'open' as const,
          user: user('octo'),
          labels: [],
          head: side(head),
          base: side(base),
          draft: /^(?:WIP:|\[WIP\])/i.test(title),
          mergeable: true,
          merged: false,
          created_at: at,
          updated_at: at,
          html_url: `${repo.info.html_url}/pulls/${number}`,
        };
        repo.pulls.push(pull);
        return { status: 201, json: pull };
      },
    ],
    [
      'GET',
      /^\/pulls\/(\d+)$/,
      ([number]) => {
        const found = find(number);
        return found === undefined ? notFound : { json: found };
      },
    ],
    [
      'GET',
      /^\/pulls\/(\d+)\/reviews$/,
      ([number], request) =>
        paged(
          request,
          repo.reviews
            .filter(({ of }) => of === Number(number))
            .map(({ of: _of, remarks: _remarks, ...review }) => review),
        ),
    ],
    [
      'POST',
      /^\/pulls\/(\d+)\/reviews$/,
      ([number], request) => {
        if (find(number) === undefined) return notFound;
        const {
          event = 'COMMENT',
          body,
          comments,
        } = bodyOf(request) as {
          event?: NonNullable<PullReview['state']>;
          body?: string;
          comments?: Remark[];
        };
        const id = repo.reviews.length + 1;
        const review = {
          id,
          state: event,
          body: body ?? '',
          user: user('octo'),
          dismissed: false,
          html_url: `https://x/pulls/${number}#${id}`,
        };
        repo.reviews.push({ ...review, of: Number(number), remarks: comments ?? [] });
        return { json: review };
      },
    ],
    [
      'GET',
      /^\/pulls\/(\d+)\/reviews\/(\d+)\/comments$/,
      ([, id]) => {
        const remarks = repo.reviews.find((review) => review.id === Number(id))?.remarks ?? [];
        const dates = { created_at: at, updated_at: at };
        return {
          json: remarks.map(({ path, body, new_position }, index) => ({
            id: index + 500,
            path,
            body,
            position: new_position ?? 0,
            user: user('octo'),
            html_url: 'https://x/files#1',
            ...dates,
          })),
        };
      },
    ],
    [
      'POST',
      /^\/pulls\/(\d+)\/merge$/,
      ([number], request) => {
        const found = find(number);
        if (found === undefined) return notFound;
        const { [mergeMethod]: method, head_commit_id } = bodyOf(request) as Record<string, string>;
        if (method === undefined) return problem(422, '[Do]: Required');
        if (found.merged) return problem(405, 'The PR is already merged');
        if (head_commit_id !== undefined && head_commit_id !== found.head?.sha) return problem(409, 'head out of date');
        Object.assign(found, {
          state: 'closed',
          merged: true,
          merged_at: at,
          merge_commit_sha: history[0]?.sha,
          merged_by: user('octo'),
        });
        return { status: 200, bytes: new Uint8Array() };
      },
    ],
  ]);
}
