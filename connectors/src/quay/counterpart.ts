/** The data plane in memory, and Quay's own API. */
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
  'acme/app': { v1: image, v2: sampleImage('app2'), multi: index },
  'acme/tool': { latest: sampleImage('tool') },
  'acme/web': { latest: sampleImage('web') },
};
const vulnerability = (Name: string, Severity: string, FixedBy = '') => ({
  Name,
  Severity,
  FixedBy,
  Link: '',
  Description: '',
  NamespaceName: '',
});
const security = {
  status: 'scanned',
  data: {
    Layer: {
      Name: '',
      Features: [
        {
          Name: 'openssl',
          Version: '3',
          Vulnerabilities: [vulnerability('CVE-2026-1', 'High', '3.1'), vulnerability('CVE-2026-2', 'Low')],
        },
        {
          Name: 'libssl',
          Version: '3',
          Vulnerabilities: [vulnerability('CVE-2026-1', 'High', '3.1'), vulnerability('CVE-2026-3', 'Weird')],
        },
        { Name: 'base-files', Version: '1', Vulnerabilities: [] },
      ],
    },
  },
};

/** Quay's API: a stub by its source, since no description of it can be had. Two repositories a page, whatever is asked for. */
const api: Responder = (request) => {
  const { pathname, searchParams } = request.url;
  if (!pathname.startsWith('/api/v1/')) return undefined;
  if (pathname === '/api/v1/repository') return listRepositories(request);
  const tags = /^\/api\/v1\/repository\/(.+)\/tag\/$/.exec(pathname);
  if (tags !== null) return listTags(repositories[tags[1] ?? ''], searchParams);
  const scan = /^\/api\/v1\/repository\/(.+)\/manifest\/([^/]+)\/security$/.exec(pathname);
  const manifests = Object.values(repositories[scan?.[1] ?? ''] ?? {});
  return manifests.some(({ digest }) => digest === scan?.[2]) ? { json: security } : notFound;
};
const notFound: Reply = { status: 404, json: { status: 404, error_type: 'not_found', detail: 'Not Found' } };

function listRepositories({ url }: SentRequest): Reply {
  if (url.searchParams.get('namespace') === null)
    return { status: 400, json: { detail: 'namespace, starred or public are required' } };
  const names = Object.keys(repositories).filter((name) => name.startsWith(`${url.searchParams.get('namespace')}/`));
  const start = Number(Buffer.from(url.searchParams.get('next_page') ?? '', 'base64url').toString() || 0);
  const page = names.slice(start, start + 2).map((name) => {
    const [namespace, short] = name.split('/');
    return {
      namespace,
      name: short,
      description: null,
      is_public: false,
      kind: 'image',
      state: 'NORMAL',
      quota: null,
      last_modified: 1_767_571_200,
    };
  });
  const next_page = Buffer.from(String(start + 2)).toString('base64url');
  return { json: { repositories: page, ...(start + 2 < names.length ? { next_page } : {}) } };
}

function listTags(tags: Record<string, SampleManifest> | undefined, query: URLSearchParams): Reply {
  if (tags === undefined) return notFound;
  const specific = query.get('specificTag');
  const names = Object.keys(tags).filter((name) => specific === null || name === specific);
  const page = Number(query.get('page') ?? 1);
  const limit = Number(query.get('limit') ?? 50);
  const part = names.slice((page - 1) * limit, page * limit);
  return {
    json: {
      tags: part.map((name) => ({
        name,
        reversion: false,
        start_ts: 1_767_571_200,
        manifest_digest: tags[name]?.digest,
        is_manifest_list: false,
        size: 1,
        last_modified: 'Mon, 05 Jan 2026 00:00:00 -0000',
      })),
      page,
      has_additional: page * limit < names.length,
    },
  };
}

export const createFakeQuay = (): Responder => firstOf(api, createFakeRegistry({ repositories }));

export async function startCounterpart(): Promise<Counterpart> {
  const at = { repository: 'acme/app' };
  return {
    name: 'a fake Quay',
    proof: 'stub',
    respond: createFakeQuay(),
    config: { namespace: 'acme' },
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { ...at, tag: 'v1' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
      'scan.get': { ...at, reference: 'v1' },
    },
    stop: async () => {},
  };
}
