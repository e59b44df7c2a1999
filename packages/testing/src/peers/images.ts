/** Container images built without network by umoci, as OCI layouts on disk. Pushing and looking at them: `registry-client.ts`. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { getCommand } from './debian-packages.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const run = promisify(execFile);

export const imageMediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

export interface ImagePlatform {
  os: string;
  architecture: string;
  variant?: string;
}

export interface MakeOciImageOptions {
  /** Path inside the image → content; one layer. Default: one small file whose content is unique to this image. */
  files?: Readonly<Record<string, string>>;
  /** Default linux/amd64. */
  platform?: ImagePlatform;
  /** Labels of the image configuration. */
  labels?: Readonly<Record<string, string>>;
}

export interface OciImage {
  /** The OCI layout and the name of the image inside it: skopeo's `oci:layoutDir:tag`. */
  layoutDir: string;
  tag: string;
  /** `sha256:…` of `manifest`. */
  digest: string;
  mediaType: string;
  /** The exact bytes of the manifest, or of the index of a multi-platform image. */
  manifest: Buffer;
  /** Of a multi-platform image: what the index lists. Empty otherwise. */
  children: readonly (Descriptor & { platform: ImagePlatform })[];
  /** Deletes the layout. */
  remove(): void;
}

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

interface LayoutIndex {
  schemaVersion: number;
  manifests: (Descriptor & { platform?: ImagePlatform; annotations?: Record<string, string> })[];
}

const refName = 'org.opencontainers.image.ref.name';
const tag = 'image';

/** Builds a single-platform image. */
export async function makeOciImage(options: MakeOciImageOptions = {}): Promise<OciImage> {
  const layout = await createLayout();
  await addImage(layout.path, tag, options);
  const [found] = readIndex(layout.path).manifests;
  if (!found) throw new Error('umoci left no manifest in the layout');
  return { ...describe(layout.path, found), children: [], remove: layout.remove };
}

/** Builds one image for each platform and an index that lists them. */
export async function makeOciIndex(
  options: { platforms: readonly ImagePlatform[] } & Omit<MakeOciImageOptions, 'platform'>,
): Promise<OciImage> {
  const { platforms, ...common } = options;
  const layout = await createLayout();
  const children: (Descriptor & { platform: ImagePlatform })[] = [];
  for (const [at, platform] of platforms.entries()) {
    await addImage(layout.path, `part-${at}`, { ...common, platform });
    const part = readIndex(layout.path).manifests.find(({ annotations }) => annotations?.[refName] === `part-${at}`);
    if (!part) throw new Error(`umoci left no manifest for ${platform.os}/${platform.architecture}`);
    children.push({ mediaType: part.mediaType, digest: part.digest, size: part.size, platform });
  }

  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: imageMediaTypes.index, manifests: children }),
  );
  const digest = sha256(bytes);
  writeFileSync(blobPath(layout.path, digest), bytes);
  const entry = { mediaType: imageMediaTypes.index, digest, size: bytes.length, annotations: { [refName]: tag } };
  writeFileSync(
    join(layout.path, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [entry] } satisfies LayoutIndex),
  );
  return { ...describe(layout.path, entry), children, remove: layout.remove };
}

/** `sha256:` and the hash of the bytes, computed here and not asked of any server. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function createLayout(): Promise<{ path: string; remove(): void }> {
  const directory = createTemporaryDirectory('image');
  const path = join(directory.path, 'layout');
  await umoci('init', '--layout', path);
  return { path, remove: directory.remove };
}

async function addImage(layoutDir: string, name: string, options: MakeOciImageOptions): Promise<void> {
  const {
    files = { 'etc/inthub-test': randomUUID() },
    platform = { os: 'linux', architecture: 'amd64' },
    labels = {},
  } = options;
  const image = ['--image', `${layoutDir}:${name}`];
  await umoci('new', ...image);

  const content = createTemporaryDirectory('layer');
  try {
    for (const [path, text] of Object.entries(files)) {
      const target = join(content.path, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    // Only root may give files to other owners.
    await umoci('insert', ...image, ...(process.getuid?.() === 0 ? [] : ['--rootless']), content.path, '/');
  } finally {
    content.remove();
  }
  const labelArgs = Object.entries(labels).flatMap(([key, value]) => ['--config.label', `${key}=${value}`]);
  await umoci('config', ...image, '--os', platform.os, '--architecture', platform.architecture, ...labelArgs);
}

function describe(
  layoutDir: string,
  entry: Descriptor,
): Pick<OciImage, 'layoutDir' | 'tag' | 'digest' | 'mediaType' | 'manifest'> {
  return {
    layoutDir,
    tag,
    digest: entry.digest,
    mediaType: entry.mediaType,
    manifest: readFileSync(blobPath(layoutDir, entry.digest)),
  };
}

function readIndex(layoutDir: string): LayoutIndex {
  return JSON.parse(readFileSync(join(layoutDir, 'index.json'), 'utf8')) as LayoutIndex;
}

function blobPath(layoutDir: string, digest: string): string {
  return join(layoutDir, 'blobs', ...digest.split(':'));
}

async function umoci(...args: string[]): Promise<void> {
  await run(getCommand('umoci'), args, { timeout: 60_000 });
}
