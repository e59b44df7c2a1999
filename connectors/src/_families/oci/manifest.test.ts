import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  manifestTypes,
  type SampleManifest,
  sampleImage,
  sampleIndex,
  sampleManifest,
} from '@inthub/connector-sdk/testing';
import draft04 from 'ajv-draft-04';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeManifest, readManifestType } from './manifest.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../../shared/vendor-apis');
const specification = join(vendorApis, 'oci-image-spec');
const absent = existsSync(specification) ? '' : ` (absent: ${specification}; set VENDOR_APIS_DIR)`;

const descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 10,
};
const read = ({ bytes, mediaType }: SampleManifest) => describeManifest(bytes, mediaType);

describe('describeManifest', () => {
  it.each([
    ['an OCI image', sampleImage('a'), { kind: 'image', platforms: [] }],
    ['a Docker image', sampleImage('a', 'docker'), { kind: 'image', annotations: {} }],
    ['an OCI index', sampleIndex('a'), { kind: 'index', config: null, layers: [] }],
    ['a Docker manifest list', sampleIndex('a', 'docker'), { kind: 'index' }],
  ])('takes %s apart', (_what, manifest, expected) => {
    const raw = Buffer.from(manifest.bytes).toString();

    expect(read(manifest)).toMatchObject({
      ...expected,
      digest: manifest.digest,
      mediaType: manifest.mediaType,
      raw,
      sizeBytes: raw.length,
    });
  });

  it('reads an artifact that is no image, and index entries without a platform', () => {
    const artifact = sampleManifest(manifestTypes.ociManifest, {
      artifactType: 'application/spdx+json',
      config: descriptor,
      layers: [descriptor],
    });
    const index = sampleManifest(manifestTypes.ociIndex, {
      manifests: [descriptor, { ...descriptor, platform: null }],
    });

    expect(read(artifact).artifactType).toBe('application/spdx+json');
    expect(read(index).platforms).toEqual(
      Array(2).fill({
        os: null,
        architecture: null,
        variant: null,
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
        sizeBytes: 10,
      }),
    );
  });

  it.each([
    ['no layers', { config: descriptor }],
    ['a digest that is none', { config: descriptor, layers: [{ ...descriptor, digest: '../../etc' }] }],
    ['a negative size', { config: descriptor, layers: [{ ...descriptor, size: -1 }] }],
    ['schema version 1', { schemaVersion: 1, config: descriptor, layers: [] }],
    ['annotations that are no text', { config: descriptor, layers: [], annotations: { a: 1 } }],
  ])('refuses %s', (_what, fields) => {
    expect(() => read(sampleManifest(manifestTypes.ociManifest, fields))).toThrow(
      expect.objectContaining({ code: 'provider_bad_response' }),
    );
  });

  it('gives a description or provider_bad_response for any bytes', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...Object.values(manifestTypes)), (bytes, mediaType) => {
        try {
          expect(describeManifest(bytes, mediaType).mediaType).toBe(mediaType);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HubError', code: 'provider_bad_response' });
        }
      }),
    );
  });
});

describe('readManifestType', () => {
  it.each([
    ['application/vnd.oci.image.index.v1+json', manifestTypes.ociIndex],
    ['Application/VND.oci.image.index.v1+json; charset=utf-8', manifestTypes.ociIndex],
  ])('reads %s', (header, expected) => {
    expect(readManifestType(header)).toBe(expected);
  });

  it.each([undefined, '', 'text/html', 'application/json', 'constructor'])('refuses %s', (header) => {
    expect(() => readManifestType(header)).toThrow(expect.objectContaining({ code: 'provider_bad_response' }));
  });
});

describe.skipIf(absent !== '')(`against the schemas of the image specification${absent}`, () => {
  const validate = (schema: string, { bytes }: SampleManifest): boolean => {
    const ajv = new draft04.default({ strict: false, logger: false, validateFormats: false });
    for (const file of readdirSync(specification))
      ajv.addSchema(withoutIds(JSON.parse(readFileSync(join(specification, file), 'utf8'))) as object, file);
    return ajv.validate(schema, JSON.parse(Buffer.from(bytes).toString())) as boolean;
  };

  it.each([
    ['image-manifest-schema.json', sampleImage('a')],
    ['image-index-schema.json', sampleIndex('a')],
  ])('%s allows what the fake registry serves', (schema, manifest) => {
    expect(validate(schema, manifest)).toBe(true);
  });

  it.each([
    ['image-manifest-schema.json', sampleManifest(manifestTypes.ociManifest, { config: descriptor })],
    [
      'image-index-schema.json',
      sampleManifest(manifestTypes.ociIndex, { manifests: [{ ...descriptor, digest: 'x' }] }),
    ],
  ])('%s refuses what we refuse', (schema, manifest) => {
    expect(validate(schema, manifest)).toBe(false);
    expect(() => read(manifest)).toThrow(expect.objectContaining({ code: 'provider_bad_response' }));
  });
});

/** The schemas' nested ids clash with their relative references. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, part]) => key !== 'id' || typeof part !== 'string' || !part.startsWith('https://opencontainers.org'),
  );
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutIds(part)]));
}
