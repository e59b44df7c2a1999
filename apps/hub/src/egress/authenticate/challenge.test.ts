import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

const plain = (field: string) =>
  parseChallenges(field).map(({ scheme, parameters, token68 }) => [
    scheme,
    Object.fromEntries(parameters),
    ...(token68 === undefined ? [] : [token68]),
  ]);

describe('parseChallenges', () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:samalba/my-app:pull,push',
          },
        ],
      ],
    ],
    ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
    // RFC 9110 §11.6.1
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ['basic', { realm: 'simple' }],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate YWJj==, Basic realm=x',
      [
        ['negotiate', {}, 'YWJj=='],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['bEaReR ReAlM = "r" , SERVICE=s', [['bearer', { realm: 'r', service: 's' }]]],
    [',, Basic realm="x",,', [['basic', { realm: 'x' }]]],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    ['Bearer realm=""', [['bearer', { realm: '' }]]],
    ['Bearer', [['bearer', {}]]],
    ['', []],
    ['realm="x"', []],
    ['Bearer realm="open', [['bearer', {}]]],
    ['"quoted" Bearer realm="x"', []],
  ])('reads %s', (field, expected) => {
    expect(plain(field)).toEqual(expected);
  });

  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,9}$/);
  const text = fc.stringMatching(/^[\x20-\x7e]{0,30}$/);
  const challenge = fc.record({
    scheme: name,
    parameters: fc.dictionary(
      name.map((key) => key.toLowerCase()),
      text,
      { minKeys: 1, maxKeys: 5, noNullPrototype: true },
    ),
  });

  it('reads back whatever was written by the grammar', () => {
    fc.assert(
      fc.property(
        fc.array(challenge, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(',', ', ', ' , ', ',\t,'),
        (challenges, comma) => {
          const field = challenges
            .map(({ scheme, parameters }) => {
              const written = Object.entries(parameters).map(
                ([key, value]) => `${key}="${value.replace(/[\\"]/g, '\\$&')}"`,
              );
              return `${scheme} ${written.join(comma)}`;
            })
            .join(comma);

          expect(plain(field)).toEqual(challenges.map(({ scheme, parameters }) => [scheme.toLowerCase(), parameters]));
        },
      ),
    );
  });

  it('never throws and stays bounded, whatever stands there', () => {
    const pieces = fc.array(fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', 'a', '\t', 'é', '=='), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((parts) => parts.join('')),
        ),
        (field) => {
          expect(parseChallenges(field).length).toBeLessThanOrEqual(8);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(parseChallenges('Bearer a="b",'.repeat(100_000)).length).toBeLessThanOrEqual(8);
    expect(parseChallenges(`Bearer realm="${'\\"'.repeat(100_000)}`).length).toBeLessThanOrEqual(8);
  });
});
