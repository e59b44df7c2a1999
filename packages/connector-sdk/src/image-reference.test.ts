import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatImageReference,
  type ImageReference,
  isDigest,
  isRepositoryName,
  isTag,
  parseImageReference,
} from './image-reference.ts';

const hex64 = 'a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';

describe('parseImageReference', () => {
  it.each<[string, Partial<ImageReference>]>([
    ['alpine', { registry: null, repository: 'alpine', tag: null, digest: null }],
    ['alpine:3.20', { repository: 'alpine', tag: '3.20' }],
    ['team/app:v2.3.1', { registry: null, repository: 'team/app', tag: 'v2.3.1' }],
    ['localhost/app', { registry: 'localhost', repository: 'app' }],
    ['localhost:5000/team/app:v1', { registry: 'localhost:5000', repository: 'team/app', tag: 'v1' }],
    ['Registry/app', { registry: 'Registry', repository: 'app' }],
    ['registry.example.com/a/b/c', { registry: 'registry.example.com', repository: 'a/b/c' }],
    ['[::1]:5000/app:v1', { registry: '[::1]:5000', repository: 'app', tag: 'v1' }],
    [`app@sha256:${hex64}`, { repository: 'app', tag: null, digest: `sha256:${hex64}` }],
    [`127.0.0.1:5000/app:v1@sha256:${hex64}`, { registry: '127.0.0.1:5000', tag: 'v1', digest: `sha256:${hex64}` }],
    ['a__b/c---d.e_f', { repository: 'a__b/c---d.e_f' }],
  ])('reads %s', (text, expected) => {
    expect(parseImageReference(text)).toMatchObject(expected);
  });

  it.each([
    ['', 'repository name'],
    ['App', 'repository name'],
    ['a//b', 'repository name'],
    ['../etc', 'host name'],
    ['a/../b', 'repository name'],
    ['a/b/', 'repository name'],
    ['/a', 'repository name'],
    ['a b', 'repository name'],
    ['a:', 'not a tag'],
    ['a:.x', 'not a tag'],
    [`a:${'t'.repeat(129)}`, 'not a tag'],
    ['a@sha256:abc', 'not a digest'],
    [`a@sha256:${hex64.toUpperCase()}`, 'not a digest'],
    [`a@sha256:${hex64}@sha256:${hex64}`, 'more than one'],
    [`${'a/'.repeat(150)}b`, 'longer than 255'],
    ['x'.repeat(2000), 'longer than 1024'],
    ['host:99999999/a', 'host name'],
    ['ex..ample.com/a', 'host name'],
    ['user:pw@host.com/a', 'not a digest'],
    ['https://host.com/a', 'host name'],
    ['a\n', 'repository name'],
  ])('refuses %j and says why', (text, why) => {
    expect(() => parseImageReference(text)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(why),
        errors: [expect.objectContaining({ path: '/imageRef', rule: 'image_reference' })],
      }),
    );
  });

  const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const component = fc
    .tuple(alphanumeric, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '--'), alphanumeric), { maxLength: 2 }))
    .map(([head, rest]) => head + rest.map(([separator, part]) => separator + part).join(''));
  const reference = fc.record<ImageReference>({
    registry: fc.constantFrom(
      null,
      'localhost',
      'registry.example.com',
      'localhost:5000',
      'A.example',
      '[2001:db8::1]:443',
    ),
    repository: fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)),
    digest: fc.option(fc.stringMatching(/^[a-f0-9]{64}$/).map((encoded) => `sha256:${encoded}`)),
  });

  it('gives back what a reference was made of', () => {
    fc.assert(
      fc.property(reference, (parts) => {
        // Without a registry the first component of the repository must not look like one.
        fc.pre(parts.registry !== null || !/^(?:localhost|[^/]*[.][^/]*)\//.test(parts.repository));
        expect(parseImageReference(formatImageReference(parts))).toEqual(parts);
      }),
    );
  });

  it('gives for any text a valid reference that writes the same text, or a HubError', () => {
    const messy = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9.:/@_\-[\]A-Z]{0,60}$/));
    fc.assert(
      fc.property(messy, (text) => {
        let parts: ImageReference;
        try {
          parts = parseImageReference(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HubError', code: 'invalid_request' });
          return;
        }
        expect(formatImageReference(parts)).toBe(text);
        expect(isRepositoryName(parts.repository)).toBe(true);
        expect(parts.tag === null || isTag(parts.tag)).toBe(true);
        expect(parts.digest === null || isDigest(parts.digest)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('stays linear on text made to backtrack', () => {
    const hostile = [`${'a-'.repeat(127)}!`, `${'a'.repeat(254)}!`, `${'a.'.repeat(500)}/x`, `a${'_'.repeat(250)}`];
    for (const text of hostile) expect(() => parseImageReference(text)).toThrow('Expected');
  });
});

describe('isDigest', () => {
  it.each([
    [`sha256:${hex64}`, true],
    [`sha512:${hex64}${hex64}`, true],
    [`sha512:${hex64}`, false],
    [`sha256:${hex64}0`, false],
    [`sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564`, true],
    [`SHA256:${hex64}`, false],
    ['sha256', false],
  ])('%s: %s', (text, expected) => {
    expect(isDigest(text)).toBe(expected);
  });
});
