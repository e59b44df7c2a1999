/** The four requests of the distribution API that everything is made of. Source: opencontainers/distribution-spec v1.1, "API". */
import type { ActionContext, HttpHeaders, HttpResponse } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { algorithmOf, readDigestHeader, requireDigest } from './digest.ts';
import type { ImageTarget } from './image-target.ts';
import { acceptManifests, readManifestType } from './manifest.ts';
import { basePathOf, type OciProduct } from './product.ts';

/** The specification lets registries refuse larger manifests; nobody needs larger ones. */
const maxManifestBytes = 4 * 1024 * 1024;

/** `GET /v2/`: is there a registry, and does it let us in? */
export async function ping(product: OciProduct, ctx: ActionContext): Promise<HttpResponse> {
  return ctx.http.get(`${basePathOf(product, ctx)}/`, { maxBytes: 64 * 1024 });
}

export interface FetchedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** What the registry said the digest is. */
  readonly claimedDigest: string | undefined;
}

/** The manifest as it came, not checked against any digest. @throws HubError `provider_not_found` naming the image. */
export async function fetchManifest(
  image: ImageTarget,
  product: OciProduct,
  ctx: ActionContext,
): Promise<FetchedManifest> {
  const path = manifestPath(image, product, ctx);
  const response = await naming(
    image,
    product,
    ctx.http.get(path, { accept: acceptManifests, maxBytes: maxManifestBytes }),
  );
  return {
    bytes: await response.bytes(),
    mediaType: readManifestType(response.headers.get('content-type')),
    claimedDigest: readDigestHeader(response.headers.get('docker-content-digest')),
  };
}

/** The manifest, proved to have the digest that was asked for and the one that the registry claims. */
export async function fetchVerifiedManifest(
  image: ImageTarget,
  product: OciProduct,
  ctx: ActionContext,
): Promise<FetchedManifest> {
  const manifest = await fetchManifest(image, product, ctx);
  if (image.digest !== null) requireDigest(manifest.bytes, image.digest, 'the request');
  if (manifest.claimedDigest !== undefined)
    requireDigest(manifest.bytes, manifest.claimedDigest, 'its Docker-Content-Digest header');
  return manifest;
}

export interface ManifestHead {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly headers: HttpHeaders;
}

/**
 * What HEAD says of a manifest; undefined where the registry leaves out digest, size or type, or does not know HEAD (all of which the
 * specification allows), so that the manifest itself must be fetched.
 */
export async function headManifest(
  image: ImageTarget,
  product: OciProduct,
  ctx: ActionContext,
): Promise<ManifestHead | undefined> {
  const path = manifestPath(image, product, ctx);
  const { status, headers } = await naming(
    image,
    product,
    ctx.http.head(path, { accept: acceptManifests, expect: [405] }),
  );
  const digest = headers.get('docker-content-digest');
  const contentType = headers.get('content-type');
  const length = headers.get('content-length');
  if (
    status === 405 ||
    digest === undefined ||
    contentType === undefined ||
    length === undefined ||
    !/^\d{1,15}$/.test(length)
  ) {
    return undefined;
  }
  const claimed = readDigestHeader(digest) as string;
  if (image.digest !== null && image.digest !== claimed && algorithmOf(image.digest) === algorithmOf(claimed)) {
    throw new HubError(
      'provider_bad_response',
      `The registry answered with ${claimed} to a request for ${image.digest}.`,
    );
  }
  return {
    digest: image.digest ?? claimed,
    mediaType: readManifestType(contentType),
    sizeBytes: Number(length),
    headers,
  };
}

/** Repository names, tags and digests have passed their grammars, so they need no escaping in a path. */
function manifestPath({ repository, tag, digest }: ImageTarget, product: OciProduct, ctx: ActionContext): string {
  return `${basePathOf(product, ctx)}/${repository}/manifests/${digest ?? tag ?? 'latest'}`;
}

export function tagsPath(repository: string, product: OciProduct, ctx: ActionContext): string {
  return `${basePathOf(product, ctx)}/${repository}/tags/list`;
}

export function catalogPath(product: OciProduct, ctx: ActionContext): string {
  return `${basePathOf(product, ctx)}/_catalog`;
}

async function naming(image: ImageTarget, product: OciProduct, work: Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'provider_not_found') throw error;
    const wanted = image.digest ?? `tag ${image.tag ?? 'latest'}`;
    throw new HubError(
      'provider_not_found',
      `${product.name} has no ${wanted} in ${image.repository}, or the credential may not see it. Check the name with tag.list.`,
      { details: error.details, cause: error },
    );
  }
}
