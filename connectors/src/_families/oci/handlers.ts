import {
  type ActionContext,
  parseProviderJson,
  type RegistryHandlers,
  type TagResolution,
} from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import Type from 'typebox';
import { computeDigest, requireComputable } from './digest.ts';
import { type ImageTarget, requireRepository, resolveImage } from './image-target.ts';
import { describeManifest } from './manifest.ts';
import { listNames } from './name-pages.ts';
import type { OciProduct } from './product.ts';
import { catalogPath, fetchManifest, fetchVerifiedManifest, headManifest, tagsPath } from './registry-api.ts';

const defaultLimit = 50;

/** What every registry does through the distribution API alone; a product replaces or leaves out single ones. */
export function ociHandlers(product: OciProduct) {
  const paging = { pagesWithoutLinks: product.pagesWithoutLinks ?? false };
  return {
    'repository.list': async ({ namespace, cursor, limit = defaultLimit }, ctx) => {
      const page = await listNames(
        { path: catalogPath(product, ctx), of: 'repositories', limit, cursor, ...paging },
        ctx,
      );
      const within = page.items.filter((name) => namespace === undefined || name.startsWith(`${namespace}/`));
      return {
        items: within.map((name) => ({ name, description: null, isPublic: null, updatedAt: null })),
        nextCursor: page.nextCursor,
      };
    },
    'tag.list': async ({ repository, cursor, limit = defaultLimit }, ctx) => {
      const name = requireRepository(repository, product, ctx);
      const page = await listNames({ path: tagsPath(name, product, ctx), of: 'tags', limit, cursor, ...paging }, ctx);
      const items = page.items.map((tag) => ({ name: tag, digest: null, pushedAt: null }));
      return { repository: name, items, nextCursor: page.nextCursor };
    },
    'tag.resolve': async ({ fresh = false, ...input }, ctx) => {
      const image = resolveImage(input, product, ctx);
      if (image.digest !== null) requireComputable(image.digest, '/imageRef');
      const key = `${image.repository}:${image.digest ?? image.tag ?? 'latest'}`;
      const known = fresh ? undefined : recall(ctx, key);
      if (known !== undefined) return known;
      const found = await resolveFresh(image, product, ctx);
      ctx.cache.set(key, JSON.stringify(found));
      return found;
    },
    'manifest.get': async (input, ctx) => {
      const image = resolveImage(input, product, ctx);
      if (image.digest !== null) requireComputable(image.digest, '/reference');
      const { bytes, mediaType } = await fetchVerifiedManifest(image, product, ctx);
      const reference = image.digest ?? image.tag ?? 'latest';
      const described = describeManifest(bytes, mediaType);
      return { repository: image.repository, reference, ...described, digest: image.digest ?? described.digest };
    },
    'digest.verify': async ({ digest, ...input }, ctx) => {
      const named = resolveImage(input, product, ctx);
      const expected = requireComputable(requireExpected(digest, named), '/digest');
      const image: ImageTarget =
        named.tag === null ? { ...named, digest: named.digest ?? expected } : { ...named, digest: null };
      const { bytes, mediaType } = await fetchManifest(image, product, ctx);
      const computed = computeDigest(bytes, expected);
      return {
        repository: image.repository,
        reference: image.digest ?? image.tag ?? 'latest',
        verified: computed === expected,
        computed,
        expected,
        mediaType,
        sizeBytes: bytes.length,
      };
    },
  } satisfies RegistryHandlers;
}

function requireExpected(digest: string | undefined, { digest: named }: ImageTarget): string {
  if (digest === undefined && named === null) {
    throw invalidField(
      '/digest',
      'is required: the digest that the image should have (or give it in imageRef after "@").',
      'required',
    );
  }
  if (digest !== undefined && named !== null && digest !== named) {
    throw invalidField('/digest', 'contradicts the digest in the reference.', 'exclusive');
  }
  return (digest ?? named) as string;
}

async function resolveFresh(image: ImageTarget, product: OciProduct, ctx: ActionContext): Promise<TagResolution> {
  const resolvedAt = ctx.clock.now().toISOString();
  const head = (await headManifest(image, product, ctx)) ?? (await measure(image, product, ctx));
  const tag = image.digest === null ? (image.tag ?? 'latest') : null;
  const pushedAt = (await product.pushedAt?.({ repository: image.repository, tag, digest: head.digest }, ctx)) ?? null;
  return {
    repository: image.repository,
    tag,
    digest: head.digest,
    manifestType: head.mediaType,
    sizeBytes: head.sizeBytes,
    pushedAt,
    resolvedAt,
  };
}

async function measure(image: ImageTarget, product: OciProduct, ctx: ActionContext) {
  const { bytes, mediaType } = await fetchVerifiedManifest(image, product, ctx);
  return { digest: image.digest ?? computeDigest(bytes), mediaType, sizeBytes: bytes.length };
}

const Remembered = Type.Object({
  repository: Type.String(),
  tag: Type.Union([Type.String(), Type.Null()]),
  digest: Type.String(),
  manifestType: Type.String(),
  sizeBytes: Type.Integer(),
  pushedAt: Type.Union([Type.String(), Type.Null()]),
  resolvedAt: Type.String(),
});

function recall(ctx: ActionContext, key: string): TagResolution | undefined {
  const text = ctx.cache.get(key);
  return text === undefined ? undefined : parseProviderJson(text, 'The cached resolution', Remembered);
}
