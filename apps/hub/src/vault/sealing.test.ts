import { randomBytes } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt } from './aes-gcm.ts';
import { createKeyRing, keyEncryptionKeyId } from './key-ring.ts';
import { rewrap, type SealContext, type SealedSecret, seal, unseal } from './sealing.ts';

const newKey = () => {
  const key = randomBytes(32);
  return { id: keyEncryptionKeyId(key), key };
};
const older = newKey();
const newer = newKey();
const ring = createKeyRing([newer, older]);
const context: SealContext = { tenantId: 't', integrationId: 'i', credentialId: 'c', version: 1 };
const anyContext = fc.record({
  tenantId: fc.string(),
  integrationId: fc.string(),
  credentialId: fc.string(),
  version: fc.nat(),
});
const anySecret = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

async function refusal(opening: Promise<unknown>): Promise<HubError> {
  const error = await opening.then(
    () => expect.unreachable('it opened'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HubError);
  expect(error).toMatchObject({ code: 'credential_unavailable' });
  return error as HubError;
}
const flip = (bytes: Buffer, bit: number) => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

describe('AES-256-GCM', () => {
  it('is the published one: test case 16 of the GCM specification (McGrew and Viega, 2005)', () => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
    const associated = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
    const plaintext = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const blob = hex(
      'cafebabefacedbaddecaf88876fc6ece0f4e1768cddf8853bb2d551b522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    );

    expect(decrypt(key, associated, blob)).toEqual(plaintext);
  });

  it('never uses a nonce twice, and hides equal secrets from each other', () => {
    const key = randomBytes(32);
    const blobs = Array.from({ length: 20_000 }, () =>
      encrypt(key, Buffer.alloc(0), Buffer.from('same')).toString('hex'),
    );

    expect(new Set(blobs.map((blob) => blob.slice(0, 24))).size).toBe(blobs.length);
    expect(new Set(blobs.map((blob) => blob.slice(56))).size).toBeGreaterThan(19_000);
  });
});

describe('sealed secret', () => {
  it('opens to what went in, in its own place', async () => {
    await fc.assert(
      fc.asyncProperty(anyContext, anySecret, async (place, secret) => {
        expect(await unseal(ring, place, await seal(ring, place, secret))).toEqual(secret);
      }),
    );
  });

  it('does not open in any other place', async () => {
    await fc.assert(
      fc.asyncProperty(anyContext, anyContext, anySecret, async (place, other, secret) => {
        fc.pre(JSON.stringify(place) !== JSON.stringify(other));
        await refusal(unseal(ring, other, await seal(ring, place, secret)));
      }),
    );
  });

  it('does not open when just one part of its place is another, nor when parts run together', async () => {
    const sealed = await seal(ring, { ...context, tenantId: 'a', integrationId: 'bc' }, Buffer.from('secret'));
    const others = [
      { ...context, tenantId: 'x', integrationId: 'bc' },
      { ...context, tenantId: 'a', integrationId: 'x' },
      { ...context, tenantId: 'a', integrationId: 'bc', credentialId: 'x' },
      { ...context, tenantId: 'a', integrationId: 'bc', version: 2 },
      { ...context, tenantId: 'ab', integrationId: 'c' },
      { ...context, tenantId: 'a","bc', integrationId: '' },
    ];

    for (const other of others) await refusal(unseal(ring, other, sealed));
  });

  it('does not open after any one bit was flipped, anything was cut off or anything was added', async () => {
    const damage = fc.record({
      part: fc.constantFrom('sealed', 'wrapped'),
      how: fc.constantFrom('flip', 'cut', 'add'),
      at: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(anySecret, damage, async (secret, { part, how, at }) => {
        const whole = await seal(ring, context, secret);
        const bytes = part === 'sealed' ? whole.sealed : whole.key.wrapped;
        const damaged =
          how === 'flip'
            ? flip(bytes, at % (bytes.length * 8))
            : how === 'cut'
              ? bytes.subarray(0, at % bytes.length)
              : Buffer.concat([bytes, Buffer.from([at & 255])]);
        const changed: SealedSecret =
          part === 'sealed' ? { ...whole, sealed: damaged } : { ...whole, key: { ...whole.key, wrapped: damaged } };

        await refusal(unseal(ring, context, changed));
      }),
    );
  });

  it('does not open with the parts of two secrets mixed, or the data key in the place of the secret', async () => {
    const one = await seal(ring, context, Buffer.from('one'));
    const two = await seal(ring, context, Buffer.from('two'));

    await refusal(unseal(ring, context, { sealed: one.sealed, key: two.key }));
    await refusal(unseal(ring, context, { sealed: one.key.wrapped, key: one.key }));
  });

  it('stays closed under another key-encryption key, and says which key is missing', async () => {
    const sealed = await seal(ring, context, Buffer.from('secret'));
    const foreign = createKeyRing([newKey()]);

    const missing = await refusal(unseal(foreign, context, sealed));
    const relabelled = { ...sealed, key: { ...sealed.key, keyId: older.id } };

    expect(missing.message).toContain(newer.id);
    expect(missing.message).toContain('HUB_MASTER_KEY_FILE');
    await refusal(unseal(ring, context, relabelled));
  });

  it('moves under a new key without being opened, and then needs the old one no more', async () => {
    const before = await seal(createKeyRing([older]), context, Buffer.from('secret'));

    const key = await rewrap(ring, context, before.key);

    expect(key.keyId).toBe(newer.id);
    expect(await unseal(createKeyRing([newer]), context, { sealed: before.sealed, key })).toEqual(
      Buffer.from('secret'),
    );
    await refusal(rewrap(ring, { ...context, tenantId: 'x' }, before.key));
  });

  it('shows nothing of the secret', async () => {
    const { sealed, key } = await seal(ring, context, Buffer.from('a-secret-to-look-for'));

    expect(Buffer.concat([sealed, key.wrapped]).includes('secret')).toBe(false);
  });
});
