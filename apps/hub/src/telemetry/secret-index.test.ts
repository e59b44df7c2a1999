import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSecretIndex } from './secret-index.ts';

const limits = { secrets: 1_000, characters: 1_000_000 };
/** Few characters, so that texts nearly hold secrets often. */
const word = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), minLength, maxLength });

it('finds a secret wherever it begins', () => {
  fc.assert(
    fc.property(word(8, 24), fc.array(word(0, 30), { minLength: 1, maxLength: 6 }), (secret, parts) => {
      const index = createSecretIndex(limits);
      index.add(secret);
      const hidden = index.replace(parts.join(secret), '*');
      expect(hidden).not.toContain(secret);
    }),
  );
});

it('replaces exactly the secrets between words that share nothing with them', () => {
  fc.assert(
    fc.property(
      fc.array(word(8, 20), { minLength: 1, maxLength: 5 }),
      fc.array(fc.string({ unit: fc.constantFrom('x', 'y', ' '), maxLength: 12 }), { minLength: 2, maxLength: 9 }),
      fc.nat(),
      (secrets, parts, pick) => {
        const index = createSecretIndex(limits);
        for (const secret of secrets) index.add(secret);
        const given = parts.reduce((text, part, at) => `${text}${secrets[(pick + at) % secrets.length]}${part}`);
        expect(index.replace(given, '*')).toBe(parts.join('*'));
      },
    ),
  );
});
