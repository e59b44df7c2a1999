import { createHmac } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { checkOwnSecret, newEd25519Key, newHmacSecret, openKey, type StoredKey, signatureHeaders } from './signing.ts';
import { newKeys, rotateKeys } from './signing-keys.ts';

const at = (ms: number) => new Date(ms).toISOString();
const hmac = (secret: string, expiresMs?: number): StoredKey => ({
  id: 'k',
  scheme: 'hmac',
  secret,
  publicKey: null,
  createdAt: at(0),
  expiresAt: expiresMs === undefined ? null : at(expiresMs),
});

describe('signature', () => {
  it('is the one that the library makes, for any body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), fc.integer({ min: 0, max: 4e12 }), (text, id, nowMs) => {
        const secret = newHmacSecret();
        const headers = signatureHeaders(['standard'], [openKey(hmac(secret))], { id, nowMs, body: Buffer.from(text) });
        expect(headers['webhook-signature']).toBe(new Webhook(secret).sign(id, new Date(nowMs), text));
        expect(headers['webhook-timestamp']).toBe(String(Math.floor(nowMs / 1000)));
      }),
    );
  });

  it('has one for each key that has not expired, newest first, and none of one that has', () => {
    const keys = ['a', 'b', 'c'].map((letter, index) =>
      openKey(hmac(`whsec_${Buffer.alloc(32, letter).toString('base64')}`, index === 0 ? undefined : index * 1_000)),
    );
    const signatures = (nowMs: number) =>
      signatureHeaders(['standard'], keys, { id: 'x', nowMs, body: Buffer.from('{}') })['webhook-signature']?.split(
        ' ',
      );

    expect([0, 1_000, 2_000].map((nowMs) => signatures(nowMs)?.length)).toEqual([3, 2, 1]);
  });

  it('of GitHub’s kind is made with the newest secret as text', () => {
    const [fresh, old] = ['fresh-secret-0123456789', 'old-secret-0123456789'];
    const keys = [openKey(hmac(fresh)), openKey(hmac(old, 9_000))];
    const headers = signatureHeaders(['github'], keys, { id: 'x', nowMs: 0, body: Buffer.from('{}') });

    expect(headers['x-hub-signature-256']).toBe(`sha256=${createHmac('sha256', fresh).update('{}').digest('hex')}`);
    expect(headers['webhook-signature']).toBeUndefined();
  });

  it('takes only secrets of one’s own that the schemes can use', () => {
    const good = newHmacSecret();
    expect(() => checkOwnSecret(good, ['standard', 'github'])).not.toThrow();
    expect(() => checkOwnSecret('any-text-of-16-chars', ['github'])).not.toThrow();
    for (const bad of ['any-text-of-16-chars', 'whsec_c2hvcnQ=', `${good}!`, good.slice('whsec_'.length)]) {
      expect(() => checkOwnSecret(bad, ['standard'])).toThrow(HubError);
    }
    expect(() => checkOwnSecret('with space 0123456789', ['github'])).toThrow(HubError);
  });
});

describe('keys', () => {
  it('are made for what the schemes need and rotated with an overlap', () => {
    const first = newKeys(['standard', 'standard-ed25519'], new Date(0));
    const rotated = rotateKeys(first, ['standard', 'standard-ed25519'], {
      now: new Date(1_000),
      overlapHours: 24,
      secret: undefined,
    });

    expect(first.map(({ scheme }) => scheme).sort()).toEqual(['ed25519', 'hmac']);
    expect(rotated.map(({ scheme, expiresAt }) => [scheme, expiresAt])).toEqual([
      ['hmac', null],
      ['hmac', at(1_000 + 86_400_000)],
      ['ed25519', null],
      ['ed25519', at(1_000 + 86_400_000)],
    ]);
    expect(newEd25519Key().publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
  });

  it('stay few, however often they are rotated', () => {
    let keys = newKeys(['standard'], new Date(0));
    for (let round = 0; round < 20; round += 1) {
      keys = rotateKeys(keys, ['standard'], { now: new Date(round), overlapHours: 24, secret: undefined });
    }

    expect(keys).toHaveLength(5);
    expect(keys[0]?.expiresAt).toBeNull();
  });
});
