import { randomBytes } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditChainKeys, keyEncryptionKeyId, parseMasterKeys } from './key-ring.ts';

const key = randomBytes(32);
const other = randomBytes(32);

function refusal(text: string): HubError {
  try {
    parseMasterKeys(text, 'HUB_MASTER_KEY_FILE');
  } catch (error) {
    if (error instanceof HubError) return error;
    throw error;
  }
  expect.unreachable('it was accepted');
}

describe('parseMasterKeys', () => {
  it.each([
    ['base64', key.toString('base64')],
    ['base64 without padding', key.toString('base64').replace('=', '')],
    ['base64url', key.toString('base64url')],
    ['hex', key.toString('hex')],
    ['a labelled line', `${keyEncryptionKeyId(key)}:${key.toString('base64')}`],
    ['comments, blank lines and Windows line ends', `# newest\r\n\r\n  ${key.toString('base64')}  \r\n`],
  ])('reads %s', (_form, text) => {
    expect(parseMasterKeys(text, 'HUB_MASTER_KEY')).toEqual([{ id: keyEncryptionKeyId(key), key }]);
  });

  it('keeps the order of several keys', () => {
    const keys = parseMasterKeys(`${other.toString('hex')}\n${keyEncryptionKeyId(key)}:${key.toString('base64')}`, 'X');

    expect(keys.map(({ id }) => id)).toEqual([keyEncryptionKeyId(other), keyEncryptionKeyId(key)]);
  });

  it('names the variable, the line and the way out, and never repeats a key', () => {
    const good = key.toString('base64');
    const cases: [text: string, says: string][] = [
      ['', 'no key'],
      ['# only a comment', 'no key'],
      [`${good}\nshort`, 'line 2'],
      [good.slice(0, -4), 'line 1'],
      [`${good}AAAA`, 'line 1'],
      [`${good}\n${good}`, 'twice'],
      [`k_0000000000000000:${good}`, keyEncryptionKeyId(key)],
    ];

    for (const [text, says] of cases) {
      const error = refusal(text);
      expect(error.code).toBe('invalid_request');
      expect(error.message).toContain('HUB_MASTER_KEY_FILE');
      expect(error.message).toContain(says);
      expect(error.message).not.toContain(good.slice(0, 20));
    }
  });

  it('takes no other text for a key', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        fc.pre(!/^[A-Za-z0-9+/_-]{43}=?$|^[0-9a-fA-F]{64}$/.test(text.trim()));
        expect(refusal(text).code).toBe('invalid_request');
      }),
    );
  });

  it('gives keys ids that differ and say nothing of the key', () => {
    expect(keyEncryptionKeyId(key)).toMatch(/^k_[0-9a-f]{16}$/);
    expect(keyEncryptionKeyId(key)).not.toBe(keyEncryptionKeyId(other));
    expect(key.toString('hex')).not.toContain(keyEncryptionKeyId(key).slice(2));
  });
});

describe('auditChainKeys', () => {
  it('gives one key for each key-encryption key, in their order, that is not the key-encryption key', () => {
    const [newest, earlier] = [key, other].map((bytes) => ({ id: keyEncryptionKeyId(bytes), key: bytes }));

    const chain = auditChainKeys([newest!, earlier!]);

    expect(chain).toHaveLength(2);
    expect(chain[0]).toHaveLength(32);
    expect(auditChainKeys([earlier!])).toEqual([chain[1]]);
    expect(chain[0]).not.toEqual(chain[1]);
    expect(chain).not.toContainEqual(key);
  });
});
