import { decodeProviderText, type ManifestDescription, parseProviderJson } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { computeDigest } from './digest.ts';
import { ImageIndex, ImageManifest } from './schema.ts';

const kinds: Readonly<Record<string, 'image' | 'index'>> = {
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.oci.image.manifest.v1+json': 'image',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
  'application/vnd.docker.distribution.manifest.v2+json': 'image',
};

/** `Accept` of every manifest request: without it a registry may convert to a format that no longer has the digest. */
export const acceptManifests = Object.keys(kinds).join(', ');

/** The media type of a Content-Type header. @throws HubError `provider_bad_response` for one that was not asked for. */
export function readManifestType(contentType: string | undefined): string {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (Object.hasOwn(kinds, mediaType)) return mediaType;
  const old = mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+')
    ? ' Push the image again with a current client.'
    : '';
  throw new HubError(
    'provider_bad_response',
    `The registry sent ${mediaType === '' ? 'no content type' : `"${mediaType.slice(0, 100)}"`} instead of an OCI or Docker schema 2 manifest.${old}`,
  );
}

export type DescribedManifest = Omit<ManifestDescription, 'repository' | 'reference'>;

/**
 * A manifest's parts. Refuses one that could be read as two things: a media type inside that contradicts the header, or layers beside
 * manifests (source: distribution-spec security advisory GHSA-mc8v-mgrf-8f4m, CVE-2021-41190).
 * @throws HubError `provider_bad_response`
 */
export function describeManifest(bytes: Uint8Array, mediaType: string): DescribedManifest {
  const kind = kinds[mediaType] as 'image' | 'index';
  const raw = decodeProviderText(bytes, 'The manifest');
  const parsed =
    kind === 'image'
      ? parseProviderJson(raw, 'The image manifest', ImageManifest)
      : parseProviderJson(raw, 'The image index', ImageIndex);
  if (parsed.mediaType !== undefined && parsed.mediaType !== mediaType) {
    throw new HubError(
      'provider_bad_response',
      `The manifest calls itself ${parsed.mediaType}, the registry calls it ${mediaType}.`,
    );
  }
  if ('manifests' in parsed && ('layers' in parsed || 'config' in parsed)) {
    throw new HubError('provider_bad_response', 'The manifest is an image and an index at once.');
  }
  return {
    mediaType,
    digest: computeDigest(bytes),
    sizeBytes: bytes.length,
    kind,
    raw,
    artifactType: parsed.artifactType ?? null,
    annotations: parsed.annotations ?? {},
    ...('manifests' in parsed ? indexParts(parsed) : imageParts(parsed)),
  };
}

function imageParts({ config, layers }: Static<typeof ImageManifest>) {
  return { config: descriptor(config), layers: layers.map(descriptor), platforms: [] };
}

function indexParts({ manifests }: Static<typeof ImageIndex>) {
  return {
    config: null,
    layers: [],
    platforms: manifests.map((entry) => ({
      os: entry.platform?.os ?? null,
      architecture: entry.platform?.architecture ?? null,
      variant: entry.platform?.variant ?? null,
      ...descriptor(entry),
    })),
  };
}

function descriptor({ mediaType, digest, size }: { mediaType: string; digest: string; size: number }) {
  return { mediaType, digest, sizeBytes: size };
}
