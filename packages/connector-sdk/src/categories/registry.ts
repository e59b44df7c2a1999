/** Standard actions of container registries: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import { invalidField, pageLimits } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import type { ActionDefinition, AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { ActionContext } from '../context.ts';
import type { DiscoveryScope } from '../data-scope.ts';
import { isRepositoryName } from '../image-reference.ts';
import {
  DigestVerifyInput,
  DigestVerifyOutput,
  ManifestGetInput,
  ManifestGetOutput,
  RepositoryListInput,
  RepositoryListOutput,
  ScanGetInput,
  ScanGetOutput,
  TagListInput,
  TagListOutput,
  TagResolveInput,
  TagResolveOutput,
} from './registry-schemas.ts';

/** Images are code that was built; their names and digests are no personal data. */
const images = { dataTypes: ['code'], containsPii: false } as const;
const ofRepository = { ...images, project: '/repository' } as const;
const ofImage = { ...images, project: ['/repository', { imageReference: '/imageRef' }] } as const;

/** What discovery of registries shows, for manifests. */
export const registryDiscoveryScope = {
  repositories: { ...images, project: 'name' },
  tags: { ...images, project: 'parent' },
} as const satisfies Record<string, DiscoveryScope>;

/** Everything about the standard actions but the handler. */
export const registryActionSpecs = {
  'repository.list': {
    title: 'List repositories',
    description: 'Repositories that the credential may see, in the order of the product.',
    input: RepositoryListInput,
    output: RepositoryListOutput,
    dataScope: images,
    weight: 5,
  },
  'tag.list': {
    title: 'List tags',
    description: 'Tags of a repository.',
    input: TagListInput,
    output: TagListOutput,
    dataScope: ofRepository,
    weight: 5,
  },
  'tag.resolve': {
    title: 'Resolve a tag to a digest',
    description:
      'The digest that a tag points to now (or did within the last hour, see resolvedAt and fresh). Takes imageRef, or repository and tag; an imageRef without a tag means latest.',
    input: TagResolveInput,
    output: TagResolveOutput,
    dataScope: ofImage,
  },
  'manifest.get': {
    title: 'Get a manifest',
    description:
      'An image manifest or image index (OCI or Docker schema 2) by tag or digest, checked against its digest.',
    input: ManifestGetInput,
    output: ManifestGetOutput,
    dataScope: ofImage,
  },
  'digest.verify': {
    title: 'Verify a digest',
    description: 'Fetches the manifest, recomputes the digest from the bytes and compares it with the expected one.',
    input: DigestVerifyInput,
    output: DigestVerifyOutput,
    dataScope: ofImage,
  },
  'scan.get': {
    title: 'Get the vulnerability scan',
    description: "Status and summary of the product's own scan of an image.",
    input: ScanGetInput,
    output: ScanGetOutput,
    dataScope: ofImage,
  },
} as const satisfies Record<
  string,
  Pick<ActionDefinition, 'title' | 'description' | 'input' | 'output' | 'weight' | 'dataScope'>
>;

export type RegistryActionId = keyof typeof registryActionSpecs;
export const registryActionIds = Object.keys(registryActionSpecs) as readonly RegistryActionId[];

type Handler<Input extends TSchema, Output extends TSchema> = (
  input: Static<Input>,
  ctx: ActionContext,
) => Promise<Static<Output>>;

/** What a registry can do; what it cannot is left out. */
export type RegistryHandlers = {
  readonly [Id in RegistryActionId]?: Handler<
    (typeof registryActionSpecs)[Id]['input'],
    (typeof registryActionSpecs)[Id]['output']
  >;
};

export interface RegistryActionsOptions {
  /** Scopes that the credential needs at the provider, by action. */
  readonly requiredScopes?: Partial<Record<RegistryActionId, readonly string[]>>;
}

/** The standard actions for which there is a handler, in the standard order. All of them only read. */
export function registryActions(handlers: RegistryHandlers, options: RegistryActionsOptions = {}): AnyAction[] {
  return registryActionIds.flatMap((id): AnyAction[] => {
    const run = handlers[id] as AnyAction['run'] | undefined;
    if (run === undefined) return [];
    const requiredScopes = options.requiredScopes?.[id];
    return [
      { id, ...registryActionSpecs[id], safe: true, ...(requiredScopes === undefined ? {} : { requiredScopes }), run },
    ];
  });
}

/** Discovery of `repositories` (parent: a namespace) and `tags` (parent: a repository) from the same handlers. */
export function registryDiscovery(handlers: RegistryHandlers): Record<string, Discover> {
  const listRepositories = handlers['repository.list'];
  const listTags = handlers['tag.list'];
  const discover: Record<string, Discover> = {};
  if (listRepositories !== undefined) {
    discover['repositories'] = async ({ parent, cursor, limit }, ctx) => {
      const { items, nextCursor } = await listRepositories(
        {
          ...(parent === undefined ? {} : { namespace: parent }),
          ...(cursor === undefined ? {} : { cursor }),
          limit: clamp(limit),
        },
        ctx,
      );
      return {
        items: items.map(({ name, ...attributes }) => ({
          id: name,
          name,
          type: 'repositories',
          ...(parent === undefined ? {} : { parent }),
          attributes,
        })),
        nextCursor,
      };
    };
  }
  if (listTags !== undefined) {
    discover['tags'] = async ({ parent, cursor, limit }, ctx) => {
      const repository = requireRepository(parent);
      const { items, nextCursor } = await listTags(
        { repository, ...(cursor === undefined ? {} : { cursor }), limit: clamp(limit) },
        ctx,
      );
      return {
        items: items.map(({ name, ...attributes }) => ({
          id: `${repository}:${name}`,
          name,
          type: 'tags',
          parent: repository,
          attributes,
        })),
        nextCursor,
      };
    };
  }
  return discover;
}

function requireRepository(parent: string | undefined): string {
  if (parent === undefined)
    throw invalidField('/parent', 'is required for tags: the name of the repository.', 'required');
  if (!isRepositoryName(parent)) throw invalidField('/parent', 'is not a repository name.', 'pattern');
  return parent;
}

function clamp(limit: number): number {
  return Math.min(Math.max(1, limit), pageLimits.max);
}
