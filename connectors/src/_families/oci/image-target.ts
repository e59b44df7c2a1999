import { type ActionContext, isDigest, isRepositoryName, isTag, parseImageReference } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { OciProduct } from './product.ts';

/** Which image is meant; tag and digest are null where the caller named none. */
export interface ImageTarget {
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

export interface ImageInput {
  readonly imageRef?: string;
  readonly repository?: string;
  readonly tag?: string;
  /** Tag or digest. */
  readonly reference?: string;
}

/** @throws HubError `invalid_request` naming the field. */
export function resolveImage(input: ImageInput, product: OciProduct, ctx: ActionContext): ImageTarget {
  const { imageRef, repository, tag, reference } = input;
  if (imageRef === undefined) {
    const name = requireRepository(repository, product, ctx);
    if (reference !== undefined && isDigest(reference)) return { repository: name, tag: null, digest: reference };
    const named = reference ?? tag ?? null;
    if (named !== null && !isTag(named)) {
      throw invalidField(
        reference === undefined ? '/tag' : '/reference',
        'is neither a tag nor a digest.',
        'reference',
      );
    }
    return { repository: name, tag: named, digest: null };
  }
  if (repository !== undefined || tag !== undefined || reference !== undefined) {
    throw invalidField('/imageRef', 'names the image already; leave repository, tag and reference out.', 'exclusive');
  }
  const image = parseImageReference(imageRef);
  const hosts = [new URL(ctx.integration.config.endpoint).host, ...(product.hostAliases ?? [])];
  if (image.registry !== null && !hosts.includes(image.registry.toLowerCase())) {
    const expected = hosts.join(' or ');
    throw invalidField(
      '/imageRef',
      `is on ${image.registry}, but this integration is for ${expected}. Use the integration of that registry.`,
      'registry',
    );
  }
  const registryNamed = image.registry !== null;
  const name = product.canonicalRepository?.(image.repository, { registryNamed }, ctx) ?? image.repository;
  return { repository: name, tag: image.tag, digest: image.digest };
}

/** @throws HubError `invalid_request` */
export function requireRepository(repository: string | undefined, product: OciProduct, ctx: ActionContext): string {
  if (repository === undefined) throw invalidField('/repository', 'is required where imageRef is absent.', 'required');
  if (!isRepositoryName(repository)) {
    throw invalidField(
      '/repository',
      'is not a repository name: lower-case letters, digits and the separators . _ - / only.',
      'pattern',
    );
  }
  return product.canonicalRepository?.(repository, { registryNamed: false }, ctx) ?? repository;
}
