/** The shapes that every registry connector shares (source: the Resolve, Manifest and Verify messages of the connector interface). */
import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { digestPattern, maxRepositoryLength, repositoryPattern, tagPattern } from '../image-reference.ts';

const closed = { additionalProperties: false };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const ImageRef = Type.String({
  minLength: 1,
  maxLength: 1024,
  title: 'Image reference',
  description: '[registry/]repository[:tag][@digest]; the registry, if named, must be this one.',
  examples: ['team/app:v2.3.1'],
});
const RepositoryName = Type.String({
  minLength: 1,
  maxLength: maxRepositoryLength,
  pattern: repositoryPattern,
  title: 'Repository',
  description: 'Name without the registry.',
  examples: ['team/app'],
});
const Tag = Type.String({ pattern: tagPattern, title: 'Tag', examples: ['v2.3.1'] });
const Digest = Type.String({
  pattern: digestPattern,
  maxLength: 320,
  title: 'Digest',
  examples: [`sha256:${'0'.repeat(64)}`],
});
const Reference = Type.String({ minLength: 1, maxLength: 320, title: 'Reference', description: 'Tag or digest.' });
const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' }),
);
const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'Largest page wanted.' }),
);
const NextCursor = nullable(Type.String());
const Bytes = Type.Integer({ minimum: 0 });

const imageOr = (...fields: string[]) => ({
  ...closed,
  anyOf: [{ required: ['imageRef'] }, { required: ['repository', ...fields] }],
});

export const RepositoryListInput = Type.Object(
  {
    namespace: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: '^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$',
        title: 'Namespace',
        description: 'Project, organisation or user; default what the integration is configured for.',
      }),
    ),
    cursor: Cursor,
    limit: Limit,
  },
  closed,
);
export const RegistryRepository = Type.Object({
  name: Type.String({ description: 'Usable as `repository` of the other actions.' }),
  description: nullable(Type.String()),
  isPublic: nullable(Type.Boolean()),
  updatedAt: NullableTimestamp,
});
export type RegistryRepository = Type.Static<typeof RegistryRepository>;
export const RepositoryListOutput = Type.Object({ items: Type.Array(RegistryRepository), nextCursor: NextCursor });

export const TagListInput = Type.Object({ repository: RepositoryName, cursor: Cursor, limit: Limit }, closed);
export const RegistryTag = Type.Object({
  name: Type.String(),
  digest: nullable(Type.String({ description: 'Null where the product lists names only; tag.resolve tells it.' })),
  pushedAt: NullableTimestamp,
});
export type RegistryTag = Type.Static<typeof RegistryTag>;
export const TagListOutput = Type.Object({
  repository: Type.String(),
  items: Type.Array(RegistryTag),
  nextCursor: NextCursor,
});

export const TagResolveInput = Type.Object(
  {
    imageRef: Type.Optional(ImageRef),
    repository: Type.Optional(RepositoryName),
    tag: Type.Optional(Tag),
    fresh: Type.Optional(
      Type.Boolean({ default: false, description: 'Ask the registry even if the answer of the last hour is known.' }),
    ),
  },
  imageOr('tag'),
);
export const TagResolveOutput = Type.Object({
  repository: Type.String(),
  tag: nullable(Type.String({ description: 'Null when the reference was a digest.' })),
  digest: Type.String(),
  manifestType: Type.String({ description: 'Media type of the manifest.' }),
  sizeBytes: Type.Integer({
    minimum: 0,
    description: 'Bytes of the manifest: with digest and type the descriptor of OCI.',
  }),
  pushedAt: NullableTimestamp,
  resolvedAt: { ...Timestamp, description: 'When the registry gave this answer; up to an hour ago.' },
});
export type TagResolution = Type.Static<typeof TagResolveOutput>;

const byReference = {
  imageRef: Type.Optional(ImageRef),
  repository: Type.Optional(RepositoryName),
  reference: Type.Optional(Reference),
};

const Descriptor = Type.Object({ mediaType: Type.String(), digest: Type.String(), sizeBytes: Bytes });
const Platform = Type.Object({
  os: nullable(Type.String()),
  architecture: nullable(Type.String()),
  variant: nullable(Type.String()),
  mediaType: Type.String(),
  digest: Type.String(),
  sizeBytes: Bytes,
});

export const ManifestGetInput = Type.Object(byReference, imageOr('reference'));
export const ManifestGetOutput = Type.Object({
  repository: Type.String(),
  reference: Type.String(),
  mediaType: Type.String(),
  digest: Type.String({ description: 'Recomputed from the bytes.' }),
  sizeBytes: Bytes,
  kind: Type.Enum(['image', 'index']),
  raw: Type.String({ description: 'The manifest exactly as the registry sent it: its bytes give the digest.' }),
  artifactType: nullable(Type.String()),
  config: nullable(Descriptor),
  layers: Type.Array(Descriptor),
  platforms: Type.Array(Platform, { description: 'Of an index; empty for an image.' }),
  annotations: Type.Record(Type.String(), Type.String()),
});
export type ManifestDescription = Type.Static<typeof ManifestGetOutput>;

export const DigestVerifyInput = Type.Object(
  {
    ...byReference,
    digest: Type.Optional({ ...Digest, description: 'Expected digest; default the one in imageRef or reference.' }),
  },
  {
    ...closed,
    anyOf: [
      { required: ['imageRef'] },
      { required: ['repository', 'digest'] },
      { required: ['repository', 'reference'] },
    ],
  },
);
export const DigestVerifyOutput = Type.Object({
  repository: Type.String(),
  reference: Type.String({ description: 'What was fetched.' }),
  verified: Type.Boolean(),
  computed: Type.String({ description: 'Digest of the bytes received.' }),
  expected: Type.String(),
  mediaType: Type.String(),
  sizeBytes: Bytes,
});

export const ScanGetInput = Type.Object(byReference, imageOr('reference'));
const Count = Type.Integer({ minimum: 0 });
export const ScanGetOutput = Type.Object({
  repository: Type.String(),
  digest: Type.String(),
  status: Type.Enum(['not_scanned', 'queued', 'running', 'complete', 'failed', 'unsupported']),
  severity: nullable(Type.Enum(['critical', 'high', 'medium', 'low', 'negligible', 'unknown', 'none'])),
  total: nullable(Count),
  fixable: nullable(Count),
  bySeverity: Type.Object({
    critical: Count,
    high: Count,
    medium: Count,
    low: Count,
    negligible: Count,
    unknown: Count,
  }),
  scanner: nullable(Type.String()),
  completedAt: NullableTimestamp,
});
export type ScanSummary = Type.Static<typeof ScanGetOutput>;
