/**
 * What the fake GitLab holds, and GitLab's own OpenAPI description, by which the tests judge every request that it knows and every reply of the fake. Where it is
 * wrong about what GitLab answers (and docs.gitlab.com/api is right) it is mended here, each with its reason.
 */
import { readFileSync } from 'node:fs';
import type { BlobSchema } from '@gitbeaker/rest';
import {
  type ApiDescription,
  createApiDescription,
  type Reply,
  type Responder,
  type SentRequest,
} from '@inthub/connector-sdk/testing';
import { HubError } from '@inthub/contracts';
import { parse } from 'yaml';

export type Json = Record<string, unknown>;
export const at = '2026-11-21T10:00:00.000Z';
export const web = 'https://gitlab.com';
export const headSha = 'a'.repeat(40);
export const baseSha = 'b'.repeat(40);
export const user = {
  id: 7,
  username: 'robot',
  name: 'Robot',
  state: 'active',
  locked: false,
  avatar_url: `${web}/robot.png`,
  web_url: `${web}/robot`,
};
export const notFound = (what: string): Reply => ({ status: 404, json: { message: `404 ${what} Not Found` } });
export const bad = (status: number, message: unknown): Reply => ({ status, json: { message } });

export const textFile = '# Hello\n\nGrüße aus 日本\n';
export const binaryFile = Buffer.from([0xff, 0xd8, 0x00, 0x01]);
export const files: Record<string, Uint8Array> = {
  'README.md': Buffer.from(textFile),
  'src/main.ts': Buffer.from('one\ntwo\nthree\n'),
  'logo.bin': binaryFile,
};
export const branches = ['main', 'feature/one', 'feature/two'];

export function project(id: number, fullName: string, more: Json = {}): Json {
  const cut = fullName.lastIndexOf('/');
  const owner = fullName.slice(0, cut);
  return {
    id,
    path: fullName.slice(cut + 1),
    path_with_namespace: fullName,
    namespace: {
      id: id + 100,
      name: owner,
      path: owner,
      kind: 'group',
      full_path: owner,
      parent_id: null,
      web_url: web,
    },
    description: null,
    web_url: `${web}/${fullName}`,
    http_url_to_repo: `${web}/${fullName}.git`,
    default_branch: 'main',
    visibility: 'private',
    archived: false,
    empty_repo: false,
    created_at: at,
    last_activity_at: at,
    ...more,
  };
}

export const projects = [
  project(1, 'acme/tools/app'),
  project(2, 'acme/tools/empty', { empty_repo: true }),
  project(3, 'acme/tools/site', { visibility: 'public', archived: true }),
];
const commit = (id: string, message: string): Json => ({
  id,
  short_id: id.slice(0, 8),
  message,
  title: message,
  author_name: 'Ada',
  author_email: 'ada@example.com',
  authored_date: at,
  committer_name: 'Ada',
  committer_email: 'ada@example.com',
  committed_date: at,
  created_at: at,
  parent_ids: [],
  web_url: `${web}/acme/tools/app/-/commit/${id}`,
});
export const commits = [commit(headSha, 'second'), commit(baseSha, 'first')];
export const diff = {
  diff: '@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n',
  new_path: 'src/main.ts',
  old_path: 'src/main.ts',
  a_mode: '100644',
  b_mode: '100644',
  new_file: false,
  renamed_file: false,
  deleted_file: false,
};

export const hit: Partial<BlobSchema> = {
  basename: 'README',
  data: 'Grüße',
  path: 'README.md',
  filename: 'README.md',
  ref: headSha,
  startline: 1,
  project_id: 1,
};

type Schema = Record<string, unknown>;
interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, Schema> }> };
}

const people = { type: 'array', items: { $ref: '#/components/schemas/API_Entities_UserBasic' } };
const mergeRequest = {
  assignees: people,
  reviewers: people,
  labels: { type: 'array', items: { type: 'string' } },
  draft: { type: 'boolean' },
};
/** The generator writes `string` for what it cannot see, and one where there are several. */
const mistyped: Record<string, Record<string, Schema>> = {
  API_Entities_MergeRequestBasic: mergeRequest,
  API_Entities_MergeRequest: mergeRequest,
  API_Entities_Issue: { assignees: people },
  API_Entities_MergeRequestApprovals: {
    approved_by: { type: 'array', items: { $ref: '#/components/schemas/API_Entities_Approvals' } },
  },
  API_Entities_ProjectHook: { id: { type: 'integer' } },
};
/** Lists that it says are one item. */
const lists = [
  '/issues',
  '/groups/{id}/issues',
  '/projects/{id}/issues',
  '/projects/{id}/repository/tree',
  '/projects/{id}/merge_requests/{merge_request_iid}/reviewers',
  '/projects/{id}/merge_requests/{merge_request_iid}/diffs',
];
/** docs.gitlab.com/api/rest, "Keyset-based pagination": parameters of every such list, told once and in no list's own description. */
const keyset = ['/projects'];

export function loadDescription(file: string): ApiDescription {
  const document = parse(readFileSync(file, 'utf8')) as Document;
  for (const [name, properties] of Object.entries(mistyped))
    Object.assign(document.components.schemas[name]?.properties ?? {}, properties);
  // It says of no field that it may be null, and many are.
  for (const { properties = {} } of Object.values(document.components.schemas))
    for (const [field, schema] of Object.entries(properties))
      properties[field] =
        typeof schema['type'] === 'string' ? { ...schema, nullable: true } : { anyOf: [schema, { type: 'null' }] };
  for (const path of lists) {
    const content = document.paths[`/api/v4${path}`]?.['get']?.responses['200']?.content?.['application/json'];
    if (content !== undefined) content.schema = { type: 'array', items: content.schema };
  }
  for (const path of keyset)
    document.paths[`/api/v4${path}`]?.['get']?.parameters?.push(
      { name: 'pagination', in: 'query', schema: { type: 'string', enum: ['legacy', 'keyset'] } },
      { name: 'cursor', in: 'query', schema: { type: 'string' } },
    );
  for (const item of Object.values(document.paths)) {
    // A project goes by its encoded path as well as by its number, wherever its number does.
    for (const operation of Object.values(item))
      for (const parameter of operation.parameters ?? [])
        if (parameter.in === 'path' && parameter.name === 'id') parameter.schema = { type: 'string' };
    // Lists go into a query with commas between ("labels: comma-separated label names").
    for (const parameter of item['get']?.parameters ?? [])
      if (parameter.name === 'labels' || parameter.name === 'assignee_username') parameter.schema = { type: 'string' };
    // What a POST makes is answered with 201.
    const made = item['post']?.responses;
    if (made?.['200'] !== undefined) made['201'] ??= made['200'];
  }
  return createApiDescription(document);
}

/** What the description lacks altogether; the fake's answers to these are typed by @gitbeaker/rest, or by docs.gitlab.com/api alone. */
const undescribed = [
  /^GET \/api\/v4\/users$/,
  /\/merge_requests\/\d+\/(?:notes|discussions)(?:\/\d+)?$/,
  /^GET \/api\/v4\/(?:projects|groups)\/[^/]+\/search$/,
];

/** Judges every exchange on its way. */
export function checked(respond: Responder, description: ApiDescription): Responder {
  return async (request, signal) => {
    const reply = await respond(request, signal);
    const what = `${request.method} ${request.url.pathname}`;
    if (undescribed.some((pattern) => pattern.test(what))) return reply;
    const status = reply?.status ?? 200;
    const faults = [
      ...description.checkRequest(request),
      ...(reply?.json === undefined || status >= 300 ? [] : description.checkReply(request, status, reply.json)),
    ];
    if (faults.length > 0) throw new HubError('internal', `${what}${request.url.search}: ${faults.join('; ')}`);
    return reply;
  };
}

/** A page by number, with the headers that GitLab gives. */
export function paged({ url }: SentRequest, all: readonly unknown[]): Reply {
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('per_page') ?? 20);
  const isLast = page * size >= all.length;
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return {
    json: all.slice((page - 1) * size, page * size),
    headers: {
      'x-total': String(all.length),
      'x-next-page': isLast ? '' : String(page + 1),
      ...(isLast ? {} : { link: `<${next.href}>; rel="next"` }),
    },
  };
}

/** A page by key: what comes after the item of this key. */
export function keyed(
  { url }: SentRequest,
  all: readonly Record<string, unknown>[],
  field: string,
  parameter: string,
): Reply {
  const size = Number(url.searchParams.get('per_page') ?? 20);
  const after = url.searchParams.get(parameter);
  const start = after === null ? 0 : all.findIndex((item) => String(item[field]) === after) + 1;
  const items = all.slice(start, start + size);
  const next = new URL(url);
  next.searchParams.set(parameter, String(items.at(-1)?.[field] ?? ''));
  return { json: items, headers: start + size < all.length ? { link: `<${next.href}>; rel="next"` } : {} };
}

export const archive = Buffer.from('PK\u0005\u0006 not much of an archive');
const log = 'Grüße from the job\n\u001b[32mdone\u001b[0m\n';

/** Pipelines of acme/tools/app, of which the newest still runs; shaped by GitLab's description. */
export function fakePipelines(): Responder {
  const pipeline = (id: number, status: string) => ({
    id,
    iid: id - 30,
    project_id: 1,
    sha: headSha,
    ref: 'main',
    status,
    source: 'push',
    created_at: at,
    updated_at: at,
    started_at: at,
    finished_at: status === 'running' ? null : at,
    user: { id: 7, username: 'robot' },
    web_url: `https://gitlab.com/acme/tools/app/-/pipelines/${id}`,
  });
  const pipelines = [pipeline(33, 'running'), pipeline(32, 'failed'), pipeline(31, 'success')];
  const job = (id: number, name: string, more: object = {}) => ({
    id,
    name,
    stage: 'test',
    status: 'success',
    created_at: at,
    started_at: at,
    finished_at: at,
    web_url: `https://gitlab.com/acme/tools/app/-/jobs/${id}`,
    pipeline: { id: 31, status: 'success' },
    runner: { id: 1, description: 'shared-1' },
    ...more,
  });
  const artifact = { artifacts_file: { filename: 'artifacts.zip', size: archive.length }, artifacts_expire_at: null };
  const jobs = [job(41, 'build', artifact), job(42, 'test')];

  const answer = (request: SentRequest, below: string): Reply => {
    const [, id, rest = ''] = /^\/pipelines\/(\d+)(\/.*)?$/.exec(below) ?? [];
    const { searchParams } = request.url;
    if (id !== undefined) {
      const found = pipelines.find((one) => one.id === Number(id));
      if (found === undefined) return notFound('Pipeline');
      if (rest === '/jobs') return paged(request, jobs);
      return rest === '/cancel' ? { status: 201, json: { ...found, status: 'canceling' } } : { json: found };
    }
    switch (`${request.method} ${below}`) {
      case 'GET ':
        return { json: { default_branch: 'main' } };
      case 'GET /pipelines': {
        const wanted = searchParams.get('scope');
        return paged(
          request,
          pipelines.filter(({ status }) => wanted === null || (wanted === 'running') === (status === 'running')),
        );
      }
      case 'POST /pipeline': {
        const given = JSON.parse(Buffer.from(request.body ?? []).toString()) as { ref: string };
        if (given.ref === 'main') return { status: 201, json: pipeline(34, 'created') };
        return { status: 400, json: { message: { base: ['Reference not found'] } } };
      }
      case 'GET /jobs':
        return paged(request, jobs);
      case 'GET /jobs/41':
        return { json: jobs[0] };
      case 'GET /jobs/42':
        return { json: jobs[1] };
      case 'GET /jobs/41/trace':
        return { text: log };
      case 'GET /jobs/41/artifacts':
        return { bytes: archive, headers: { 'content-type': 'application/zip' } };
      default:
        return notFound('Pipeline');
    }
  };
  return (request) => {
    const { pathname } = request.url;
    if (pathname === '/api/v4/user') return { json: { id: 7, username: 'robot' } };
    if (pathname === '/api/v4/personal_access_tokens/self') return { json: { id: 1, name: 'hub', scopes: ['api'] } };
    if (pathname === '/api/v4/metadata') return { json: { version: '18.6.0' } };
    const [, below] = /^\/api\/v4\/projects\/acme%2Ftools%2Fapp(\/.*)?$/.exec(pathname) ?? [];
    return pathname.includes('acme%2Ftools%2Fapp') ? answer(request, below ?? '') : notFound('Route');
  };
}
