/** Talks to a registry for the tests, not through the code under test: skopeo is the independent oracle, plain HTTP the fast path. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { IssuedCertificate } from './certificate-authority.ts';
import { getCommand } from './debian-packages.ts';
import { imageMediaTypes, type OciImage } from './images.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const run = promisify(execFile);

export interface RegistryAccess {
  /** `startDockerRegistry()`'s answer, or any registry's base URL. */
  registry: { url: string };
  creds?: { username: string; password: string };
  /** Verify https against this authority. Without it skopeo accepts http and any certificate. */
  caPem?: string;
  /** Presented to a registry that demands client certificates. */
  clientCertificate?: IssuedCertificate;
}

export interface PushImageOptions extends RegistryAccess {
  image: OciImage;
  /** `repository:tag`, such as `team/app:v1`. */
  ref: string;
  /** Convert on the way (Docker schema 2), which changes the digest. Default: pushed as built, digests kept. */
  format?: 'v2s2';
}

/** Pushes an image, or an index with all it lists, by skopeo. Returns the digest that the tag then has. */
export async function pushImage(options: PushImageOptions): Promise<string> {
  const { image, ref, format } = options;
  const conversion = format === undefined ? ['--preserve-digests'] : ['--format', format];
  await skopeo(options, 'dest-', (flags) => [
    'copy',
    '--quiet',
    '--all',
    ...conversion,
    ...flags,
    `oci:${image.layoutDir}:${image.tag}`,
    reference(options, ref),
  ]);
  return format === undefined ? image.digest : inspectDigest({ ...options, ref });
}

/** The digest that skopeo computes over the manifest it receives for a tag. */
export async function inspectDigest(options: RegistryAccess & { ref: string }): Promise<string> {
  const text = await skopeo(options, '', (flags) => [
    'inspect',
    ...flags,
    '--no-tags',
    '--format',
    '{{.Digest}}',
    reference(options, options.ref),
  ]);
  return text.trim();
}

/** The manifest's bytes as skopeo receives them. */
export async function inspectRaw(options: RegistryAccess & { ref: string }): Promise<Buffer> {
  return Buffer.from(
    await skopeo(options, '', (flags) => ['inspect', '--raw', ...flags, reference(options, options.ref)]),
  );
}

/** All tags of a repository, by skopeo. */
export async function listTags(options: RegistryAccess & { repository: string }): Promise<string[]> {
  const text = await skopeo(options, '', (flags) => ['list-tags', ...flags, reference(options, options.repository)]);
  return (JSON.parse(text) as { Tags: string[] }).Tags;
}

export interface PushTagsOptions extends RegistryAccess {
  repository: string;
  /** An existing tag or digest of that repository; the new tags point to the same manifest. */
  from: string;
  tags: readonly string[];
  /** Whole Authorization header, for a registry with token authentication. Default: Basic from `creds`. */
  authorization?: string;
}

/** Adds many tags quickly: the manifest is read once and put back under each name, eight at a time (about 1000 tags a second). */
export async function pushTags(options: PushTagsOptions): Promise<void> {
  const { registry, repository, from, tags, creds, caPem, clientCertificate } = options;
  const authorization = options.authorization ?? (creds && `Basic ${base64(`${creds.username}:${creds.password}`)}`);
  const secure = registry.url.startsWith('https:');
  const tls = {
    ca: caPem,
    cert: clientCertificate?.certPem,
    key: clientCertificate?.keyPem,
    rejectUnauthorized: caPem !== undefined,
  };
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 8, ...tls })
    : new HttpAgent({ keepAlive: true, maxSockets: 8 });

  const send = (
    method: string,
    name: string,
    headers: Record<string, string>,
    body?: Buffer,
  ): Promise<{ type: string; bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const url = `${registry.url}/v2/${repository}/manifests/${name}`;
      const allHeaders = { ...headers, ...(authorization !== undefined && { authorization }) };
      const request = (secure ? httpsRequest : httpRequest)(url, { method, agent, headers: allHeaders }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(chunks);
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300)
            resolve({ type: response.headers['content-type'] ?? imageMediaTypes.manifest, bytes });
          else reject(new Error(`${method} ${url} answered ${statusCode}: ${bytes.toString('utf8').slice(0, 500)}`));
        });
      });
      request.once('error', reject).end(body);
    });

  try {
    const { type, bytes } = await send('GET', from, { accept: Object.values(imageMediaTypes).join(', ') });
    const left = tags.values();
    await Promise.all(
      Array.from({ length: Math.min(8, tags.length) }, async () => {
        for (const name of left)
          await send('PUT', name, { 'content-type': type, 'content-length': String(bytes.length) }, bytes);
      }),
    );
  } finally {
    agent.destroy();
  }
}

function reference({ registry }: RegistryAccess, ref: string): string {
  return `docker://${new URL(registry.url).host}/${ref}`;
}

/** Runs skopeo with credentials in a private file (arguments are visible to every user) and away from the caller's own settings. */
async function skopeo(
  access: RegistryAccess,
  prefix: 'dest-' | '',
  args: (flags: string[]) => string[],
): Promise<string> {
  const { registry, creds, caPem, clientCertificate } = access;
  const directory = createTemporaryDirectory('skopeo');
  const save = (name: string, text: string): void => writeFileSync(join(directory.path, name), text, { mode: 0o600 });
  try {
    const flags: string[] = [`--${prefix}tls-verify=${caPem !== undefined}`];
    if (creds) {
      save(
        'auth.json',
        JSON.stringify({
          auths: { [new URL(registry.url).host]: { auth: base64(`${creds.username}:${creds.password}`) } },
        }),
      );
      flags.push(`--${prefix}authfile`, join(directory.path, 'auth.json'));
    } else {
      flags.push(`--${prefix}no-creds`);
    }
    if (caPem !== undefined || clientCertificate) {
      // Names fixed by containers-certs.d(5): *.crt = authorities, *.cert and *.key = client pair.
      mkdirSync(join(directory.path, 'certs'));
      if (caPem !== undefined) save('certs/ca.crt', caPem);
      if (clientCertificate) {
        save('certs/client.cert', clientCertificate.certPem);
        save('certs/client.key', clientCertificate.keyPem);
      }
      flags.push(`--${prefix}cert-dir`, join(directory.path, 'certs'));
    }
    const { stdout } = await run(getCommand('skopeo'), ['--insecure-policy', ...args(flags)], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory.path,
        XDG_RUNTIME_DIR: directory.path,
        TMPDIR: directory.path,
      },
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`skopeo failed: ${stderr.trim().slice(-1500) || (error as Error).message}`, { cause: error });
  } finally {
    directory.remove();
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
