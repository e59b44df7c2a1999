/** The fields that are read of the distribution and image specifications. Source: github.com/opencontainers/{distribution,image}-spec. */
import { digestPattern } from '@inthub/connector-sdk';
import Type from 'typebox';

const Names = Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 512 })), Type.Null()]);
/** Distribution 2.8 writes `null` where no tag is left. */
export const TagList = Type.Object({ tags: Names });
export const Catalog = Type.Object({ repositories: Names });

/** Error body: distribution-spec, "Error Codes". */
export const RegistryErrors = Type.Object({ errors: Type.Array(Type.Object({ code: Type.String() })) });

const Descriptor = Type.Object({
  mediaType: Type.String({ minLength: 1, maxLength: 256 }),
  digest: Type.String({ maxLength: 320, pattern: digestPattern }),
  size: Type.Integer({ minimum: 0 }),
});
const Annotations = Type.Optional(Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]));
const text = Type.Optional(Type.String({ maxLength: 256 }));

export const ImageManifest = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: text,
  artifactType: text,
  config: Descriptor,
  layers: Type.Array(Descriptor),
  annotations: Annotations,
});

export const ImageIndex = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: text,
  artifactType: text,
  manifests: Type.Array(
    Type.Intersect([
      Descriptor,
      Type.Object({
        platform: Type.Optional(
          Type.Union([Type.Object({ os: text, architecture: text, variant: text }), Type.Null()]),
        ),
      }),
    ]),
  ),
  annotations: Annotations,
});
