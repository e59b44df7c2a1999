import { invalidField } from '@inthub/contracts';

/** `[registry/]repository[:tag][@digest]`, taken apart. */
export interface ImageReference {
  /** Host and optional port, as written; null when the reference names none. */
  readonly registry: string | null;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

// The grammar of github.com/distribution/reference (regexp.go, reference.go); every repetition starts with a distinct character, so
// that matching is linear.
const pathComponent = '[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*';
/** Repository name without a registry: lower-case components joined by `/`. */
export const repositoryPattern = `^${pathComponent}(?:/${pathComponent})*$`;
export const tagPattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$';
/** OCI image-spec, descriptor.md "Digests": algorithm and encoded part. */
export const digestPattern = '^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,256}$';
export const maxRepositoryLength = 255;

const domainLabel = '(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])';
const registryRegex = new RegExp(`^(?:${domainLabel}(?:[.]${domainLabel})*|\\[[0-9a-fA-F:.]+\\])(?::[0-9]{1,5})?$`);
const repositoryRegex = new RegExp(repositoryPattern);
const tagRegex = new RegExp(tagPattern);
const digestRegex = new RegExp(digestPattern);
const hexLengths: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

export function isRepositoryName(text: string): boolean {
  return text.length <= maxRepositoryLength && repositoryRegex.test(text);
}

export function isTag(text: string): boolean {
  return tagRegex.test(text);
}

/** A well-formed digest; of the registered algorithms also with the right number of lower-case hex digits. */
export function isDigest(text: string): boolean {
  if (!digestRegex.test(text)) return false;
  const [algorithm = '', encoded = ''] = text.split(':');
  const length = hexLengths[algorithm];
  return length === undefined || (encoded.length === length && /^[a-f0-9]+$/.test(encoded));
}

/**
 * Takes an image reference apart. The first component is a registry when it has a `.`, a `:` or an upper-case letter, is `localhost`
 * or an IPv6 address in brackets (as Docker decides it), and something follows it.
 * @throws HubError `invalid_request` that names the part at fault.
 */
export function parseImageReference(text: string, path = '/imageRef'): ImageReference {
  const fail = (why: string) =>
    invalidField(path, `${why} Expected [registry/]repository[:tag][@digest].`, 'image_reference');
  if (text.length > 1024) throw fail('The reference is longer than 1024 characters.');

  const [beforeDigest = '', digest, ...more] = text.split('@');
  if (more.length > 0) throw fail('There is more than one "@".');
  if (digest !== undefined && !isDigest(digest))
    throw fail('The part after "@" is not a digest such as sha256:<64 hex digits>.');

  const slash = beforeDigest.indexOf('/');
  const head = slash === -1 ? '' : beforeDigest.slice(0, slash);
  const registry = isRegistryComponent(head) ? head : null;
  if (registry !== null && !registryRegex.test(registry))
    throw fail(`"${registry}" is not a host name with an optional port.`);

  const remainder = registry === null ? beforeDigest : beforeDigest.slice(slash + 1);
  const colon = remainder.lastIndexOf(':');
  const repository = colon === -1 ? remainder : remainder.slice(0, colon);
  const tag = colon === -1 ? null : remainder.slice(colon + 1);
  if (tag !== null && !isTag(tag)) throw fail('The part after ":" is not a tag.');
  if (repository.length > maxRepositoryLength)
    throw fail(`The repository name is longer than ${maxRepositoryLength} characters.`);
  if (!repositoryRegex.test(repository))
    throw fail('The repository name may have lower-case letters, digits and the separators . _ - / only.');
  return { registry, repository, tag, digest: digest ?? null };
}

export function formatImageReference({ registry, repository, tag, digest }: ImageReference): string {
  const name = registry === null ? repository : `${registry}/${repository}`;
  return `${name}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

function isRegistryComponent(head: string): boolean {
  return head === 'localhost' || /[.:A-Z[]/.test(head);
}
