/** The data plane in memory, and Harbor's own API over the same images. */
import {
  type Counterpart,
  createFakeRegistry,
  firstOf,
  type Reply,
  type Responder,
  type SampleManifest,
  type SentRequest,
  sampleImage,
  sampleIndex,
} from '@inthub/connector-sdk/testing';

export const image = sampleImage('app');
export const index = sampleIndex('multi');
const repositories: Record<string, Record<string, SampleManifest>> = {
  'team/app': { v1: image, 'v1.0': image, v2: sampleImage('app2'), multi: index },
  'team/nested/tool': { latest: sampleImage('tool') },
  'library/base': { latest: sampleImage('base', 'docker') },
};
export const generic = 'application/vnd.security.vulnerability.report; version=1.1';
const scan = {
  [generic]: {
    report_id: '5f62c830-f996-11e9-957f-0242c0a89008',
    scan_status: 'Success',
    severity: 'High',
    duration: 12,
    summary: { total: 5, fixable: 3, summary: { High: 2, Medium: 2, Unknown: 1 } },
    start_time: '2026-01-02T14:04:05Z',
    end_time: '2026-01-02T14:04:17Z',
    complete_percent: 100,
    scanner: { name: 'Trivy', vendor: 'Aqua Security', version: 'v0.58.0' },
  },
};

/** Harbor's own API over the same images, with its page numbers, Link headers and doubly encoded names. */
function controlPlane(judge?: (request: SentRequest, reply: Reply) => void): Responder {
  return (request) => {
    const { pathname } = request.url;
    if (!pathname.startsWith('/api/v2.0/')) return undefined;
    const reply = answer(pathname.slice('/api/v2.0'.length), request);
    judge?.(request, reply);
    return reply;
  };
}

function answer(path: string, request: SentRequest): Reply {
  if (path === '/health') return { json: { status: 'healthy', components: [{ name: 'core', status: 'healthy' }] } };
  if (path === '/systeminfo') return { json: { harbor_version: 'v2.12.0-0123abcd', auth_mode: 'db_auth' } };
  const names = Object.keys(repositories);
  if (path === '/projects') {
    const projects = [...new Set(names.map((name) => name.split('/')[0] ?? ''))];
    return paged(
      projects.map((name, at) => ({
        project_id: at + 1,
        name,
        repo_count: 1,
        creation_time: '2026-01-01T00:00:00.000Z',
        metadata: { public: String(at === 0) },
      })),
      request,
    );
  }
  if (path === '/repositories') return paged(names.map(repository), request);
  const parts = /^\/projects\/([^/]+)\/repositories(?:\/([^/]+)\/artifacts(?:\/([^/]+))?)?$/.exec(path);
  if (parts === null) return problem(404, 'NOT_FOUND');
  const [, project = '', encoded, reference] = parts;
  if (encoded === undefined)
    return paged(names.filter((name) => name.startsWith(`${project}/`)).map(repository), request);
  const tags = repositories[`${project}/${decodeURIComponent(decodeURIComponent(encoded))}`];
  if (tags === undefined) return problem(404, 'NOT_FOUND');
  const digests = [...new Set(Object.values(tags).map(({ digest }) => digest))];
  const artifacts = digests.map((digest, at) => ({
    id: at,
    digest,
    push_time: '2026-01-02T00:00:00.000Z',
    tags: Object.keys(tags)
      .filter((tag) => tags[tag]?.digest === digest)
      .map((name) => ({
        name,
        push_time: '2026-01-03T00:00:00.000Z',
        pull_time: '0001-01-01T00:00:00.000Z',
        immutable: false,
      })),
    ...(request.url.searchParams.get('with_scan_overview') === 'true' ? { scan_overview: scan } : {}),
  }));
  if (reference === undefined) return paged(artifacts, request);
  const wanted = decodeURIComponent(reference);
  const found = artifacts.find(({ digest, tags: of }) => digest === wanted || of.some(({ name }) => name === wanted));
  return found === undefined ? problem(404, 'NOT_FOUND') : { json: found };
}

function repository(name: string) {
  return {
    id: 1,
    project_id: 1,
    name,
    description: '',
    artifact_count: 1,
    pull_count: 0,
    creation_time: '2026-01-01T00:00:00.000Z',
    update_time: '2026-01-05T00:00:00.000Z',
  };
}

function paged(all: readonly unknown[], { url }: SentRequest): Reply {
  const number = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('page_size') ?? 10);
  const next = `<${url.pathname}?page=${number + 1}&page_size=${size}>; rel="next"`;
  const previous = `<${url.pathname}?page=${number - 1}&page_size=${size}>; rel="prev"`;
  const links = [...(number > 1 ? [previous] : []), ...(number * size < all.length ? [next] : [])];
  return {
    json: all.slice((number - 1) * size, number * size),
    headers: { 'x-total-count': String(all.length), ...(links.length > 0 ? { link: links.join(' , ') } : {}) },
  };
}

function problem(status: number, code: string): Reply {
  return { status, json: { errors: [{ code, message: 'not here' }] } };
}

/** @param judge Looks at each exchange with Harbor's own API; default nobody does. */
export const createFakeHarbor = (judge?: (request: SentRequest, reply: Reply) => void): Responder =>
  firstOf(controlPlane(judge), createFakeRegistry({ repositories }));
export const endpoint = 'https://harbor.example.com';

export async function startCounterpart(): Promise<Counterpart> {
  const at = { repository: 'team/app' };
  return {
    name: 'a fake Harbor',
    proof: 'vendor description',
    respond: createFakeHarbor(),
    config: { endpoint },
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { ...at, tag: 'v1' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
      'scan.get': { ...at, reference: 'v1' },
      'harbor.project.list': {},
    },
    stop: async () => {},
  };
}
