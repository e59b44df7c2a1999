/** An OCI distribution registry in memory, as a responder: what the data plane of every registry product looks like. */
import { createHash } from 'node:crypto';
import type { Reply, Responder } from './exchange.ts';

export const manifestTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

export interface SampleManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: string;
}

export interface SampleIndex extends SampleManifest {
  readonly children: readonly (SampleManifest & { readonly os: string; readonly architecture: string })[];
}

/** A single-platform image; `seed` makes its digest its own. */
export function sampleImage(seed: string, format: 'oci' | 'docker' = 'oci'): SampleManifest {
  const oci = format === 'oci';
  const descriptor = (mediaType: string, part: string) => ({
    mediaType,
    digest: sha256(`${seed}/${part}`),
    size: part.length + 100,
  });
  return sampleManifest(oci ? manifestTypes.ociManifest : manifestTypes.dockerManifest, {
    config: descriptor(
      oci ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.docker.container.image.v1+json',
      'config',
    ),
    layers: ['base', 'app'].map((part) =>
      descriptor(
        oci ? 'application/vnd.oci.image.layer.v1.tar+gzip' : 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        part,
      ),
    ),
    ...(oci ? { annotations: { 'org.opencontainers.image.title': seed } } : {}),
  });
}

/** A multi-platform image: linux/amd64 and linux/arm64. */
export function sampleIndex(seed: string, format: 'oci' | 'docker' = 'oci'): SampleIndex {
  const children = ['amd64', 'arm64'].map((architecture) => ({
    ...sampleImage(`${seed}/${architecture}`, format),
    os: 'linux',
    architecture,
  }));
  const manifest = sampleManifest(format === 'oci' ? manifestTypes.ociIndex : manifestTypes.dockerList, {
    manifests: children.map(({ mediaType, digest, bytes, os, architecture }) => ({
      mediaType,
      digest,
      size: bytes.length,
      platform: { os, architecture },
    })),
  });
  return { ...manifest, children };
}

export function sampleManifest(mediaType: string, fields: Readonly<Record<string, unknown>>): SampleManifest {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }, null, 3));
  return { bytes, mediaType, digest: sha256(bytes) };
}

export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export interface FakeRegistryOptions {
  /** Repository → tag → image. */
  readonly repositories: Readonly<Record<string, Readonly<Record<string, SampleManifest>>>>;
  /** Where the v2 API starts; default `/v2`. */
  readonly basePath?: string;
  /** Default every host. */
  readonly host?: string;
  /** As Distribution 2.8: tags/list gives all tags whatever `n` and `last` say. */
  readonly ignoresTagPaging?: boolean;
  /** Lists are paged by `n` and `last`, without a Link header. */
  readonly omitsLinks?: boolean;
  /** No Docker-Content-Digest header, which the distribution specification allows. */
  readonly omitsDigestHeader?: boolean;
  /** HEAD is answered 405. */
  readonly refusesHead?: boolean;
  /** Changes the bytes of manifests on their way out. */
  readonly tamper?: (bytes: Uint8Array) => Uint8Array;
}

export function createFakeRegistry(options: FakeRegistryOptions): Responder {
  const { basePath = '/v2', host, refusesHead = false, omitsLinks = false } = options;
  return ({ method, url, headers }) => {
    if (host !== undefined && url.host !== host) return undefined;
    if (!url.pathname.startsWith(`${basePath}/`)) return undefined;
    const rest = url.pathname.slice(basePath.length + 1);
    if (method !== 'GET' && (method !== 'HEAD' || refusesHead)) return problem(405, 'UNSUPPORTED');
    if (rest === '') return { json: {}, headers: { 'docker-distribution-api-version': 'registry/2.0' } };
    if (rest === '_catalog') return page(Object.keys(options.repositories).sort(), 'repositories', {}, url, omitsLinks);

    const tags = /^(.+)\/tags\/list$/.exec(rest);
    if (tags !== null) return listTags(options, tags[1] as string, url);
    const manifest = /^(.+)\/manifests\/([^/]+)$/.exec(rest);
    if (manifest !== null)
      return getManifest(options, manifest[1] as string, manifest[2] as string, headers['accept'] ?? '');
    return problem(404, 'UNSUPPORTED');
  };
}

function listTags(
  { repositories, ignoresTagPaging = false, omitsLinks = false }: FakeRegistryOptions,
  name: string,
  url: URL,
): Reply {
  const repository = repositories[name];
  if (repository === undefined) return problem(404, 'NAME_UNKNOWN');
  const tags = Object.keys(repository).sort();
  return ignoresTagPaging ? { json: { name, tags } } : page(tags, 'tags', { name }, url, omitsLinks);
}

function getManifest(options: FakeRegistryOptions, name: string, reference: string, accept: string): Reply {
  const { repositories, omitsDigestHeader = false, tamper = (bytes) => bytes } = options;
  const repository = repositories[name];
  if (repository === undefined) return problem(404, 'NAME_UNKNOWN');
  const images = Object.values(repository).flatMap((image) => [
    image,
    ...((image as Partial<SampleIndex>).children ?? []),
  ]);
  const found = repository[reference] ?? images.find(({ digest }) => digest === reference);
  if (found === undefined || !accept.includes(found.mediaType)) return problem(404, 'MANIFEST_UNKNOWN');
  const bytes = tamper(found.bytes);
  return {
    bytes,
    headers: {
      'content-type': found.mediaType,
      'content-length': String(bytes.length),
      ...(omitsDigestHeader ? {} : { 'docker-content-digest': found.digest }),
    },
  };
}

/** Source: OCI distribution-spec, "Content Discovery": `n` and `last`, and a Link to the next page. */
function page(all: readonly string[], field: string, more: object, url: URL, omitsLinks: boolean): Reply {
  const n = Number(url.searchParams.get('n') ?? 100);
  const last = url.searchParams.get('last');
  const from = all.filter((name) => last === null || name > last);
  const items = from.slice(0, n);
  const next = new URLSearchParams({ last: items.at(-1) ?? '', n: String(n) });
  return {
    json: { ...more, [field]: items },
    headers: !omitsLinks && from.length > items.length ? { link: `<${url.pathname}?${next}>; rel="next"` } : {},
  };
}

function problem(status: number, code: string): Reply {
  return { status, json: { errors: [{ code, message: 'as the distribution specification writes it', detail: {} }] } };
}
