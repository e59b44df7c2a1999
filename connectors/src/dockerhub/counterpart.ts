/** The data plane in memory, and hub.docker.com over the same images. */
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
export const index = sampleIndex('alpine');
const repositories: Record<string, Record<string, SampleManifest>> = {
  'acme/app': { v1: image, v2: sampleImage('app2'), multi: index },
  'acme/other': { latest: sampleImage('other', 'docker') },
  'library/alpine': { latest: index, '3.20': index },
  'ratelimitpreview/test': { latest: sampleImage('preview') },
};

/** hub.docker.com over the same images. */
function hubApi(judge?: (request: SentRequest, reply: Reply) => void): Responder {
  return (request) => {
    if (request.url.host !== 'hub.docker.com') return undefined;
    const reply = answer(request);
    judge?.(request, reply);
    return reply;
  };
}

function answer(request: SentRequest): Reply {
  const { pathname } = request.url;
  const of = /^\/v2\/namespaces\/([^/]+)\/repositories$/.exec(pathname);
  if (of !== null) {
    const names = Object.keys(repositories).filter((name) => name.startsWith(`${of[1]}/`));
    return paged(
      names.map((name) => ({
        name: name.split('/')[1],
        namespace: of[1],
        description: 'An image',
        is_private: false,
        last_updated: '2026-01-05T21:06:53.506400Z',
        status: 1,
      })),
      request,
    );
  }
  const tags = /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/tags(?:\/([^/]+))?$/.exec(pathname);
  const found = repositories[`${tags?.[1]}/${tags?.[2]}`];
  if (tags === null || found === undefined) return { status: 404, json: { message: 'object not found', errinfo: {} } };
  const all = Object.entries(found).map(([name, { digest }], id) => ({
    id,
    name,
    digest,
    last_updated: '2026-01-05T21:06:53.506400Z',
    tag_last_pushed: '2026-01-05T21:06:53.506400Z',
    full_size: 100,
    status: 'active',
  }));
  if (tags[3] === undefined) return paged(all, request);
  const one = all.find(({ name }) => name === tags[3]);
  return one === undefined ? { status: 404, json: { message: 'object not found', errinfo: {} } } : { json: one };
}

function paged(all: readonly unknown[], { url }: SentRequest): Reply {
  const number = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('page_size') ?? 10);
  const next =
    number * size < all.length ? `https://hub.docker.com${url.pathname}?page=${number + 1}&page_size=${size}` : null;
  return { json: { count: all.length, next, previous: null, results: all.slice((number - 1) * size, number * size) } };
}

export const createRegistry = (): Responder => createFakeRegistry({ repositories, host: 'registry-1.docker.io' });
/** @param judge Looks at each exchange with hub.docker.com; default nobody does. */
export const createFakeDockerHub = (judge?: (request: SentRequest, reply: Reply) => void): Responder =>
  firstOf(hubApi(judge), createRegistry());

export async function startCounterpart(): Promise<Counterpart> {
  const at = { repository: 'acme/app' };
  return {
    name: 'a fake Docker Hub',
    proof: 'vendor description',
    respond: createFakeDockerHub(),
    config: { namespace: 'acme' },
    inputs: {
      'repository.list': {},
      'tag.list': at,
      'tag.resolve': { imageRef: 'alpine:3.20' },
      'manifest.get': { ...at, reference: 'multi' },
      'digest.verify': { ...at, digest: image.digest },
    },
    stop: async () => {},
  };
}
