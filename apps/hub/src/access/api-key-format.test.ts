import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateApiKey, isSameHash, readApiKey } from './api-key-format.ts';

describe('API key format', () => {
  it('makes keys that carry their prefix and are never the same', () => {
    const keys = Array.from({ length: 1000 }, generateApiKey);

    for (const key of keys) {
      expect(key).toMatch(/^ihk_[a-z2-9]{12}_[A-Za-z0-9_-]{43}$/);
      expect(readApiKey(key)?.prefix).toBe(key.slice(4, 16));
    }
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('finds a chosen key under the same derived prefix each time, which shows none of its text', () => {
    const key = 'operators-own-bootstrap-key-0123456789';

    const first = readApiKey(key);

    expect(first?.prefix).toMatch(/^[a-z2-9]{12}$/);
    expect(readApiKey(key)).toEqual(first);
    expect(readApiKey(`${key}!`)?.prefix).not.toBe(first?.prefix);
  });

  it('does not take what cannot be a key', () => {
    const short = fc.string({ maxLength: 31 });
    const long = fc.string({ minLength: 257, maxLength: 400 });
    const unprintable = fc.string({ minLength: 32, maxLength: 64 }).map((text) => `${text} \u0000é`);

    fc.assert(fc.property(fc.oneof(short, long, unprintable), (text) => readApiKey(text) === undefined));
  });

  it('tells hashes apart, also of other lengths', () => {
    const one = readApiKey(generateApiKey());
    const other = readApiKey(generateApiKey());

    expect(isSameHash(one!.hash, Buffer.from(one!.hash))).toBe(true);
    expect(isSameHash(one!.hash, other!.hash)).toBe(false);
    expect(isSameHash(one!.hash, one!.hash.subarray(1))).toBe(false);
  });
});
