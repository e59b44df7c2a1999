import type { TenantId } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newKeyEncryptionKey, openVaultRig, type TestVault, type VaultRig } from './testing.ts';
import type { CredentialInfo } from './vault.ts';

let rig: VaultRig;
beforeAll(async () => {
  rig = await openVaultRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.reset());

const keyOne = newKeyEncryptionKey();
const keyTwo = newKeyEncryptionKey();
const bearer = (token: string) => ({ kind: 'bearer_token', token }) as const;

async function open(vault: TestVault, { authRef, integrationId }: CredentialInfo, tenantId: TenantId = rig.acme) {
  return (await rig.resolve(vault, authRef, { integrationId, tenantId })).material;
}

describe('rekey', () => {
  it('moves everything under the newest key while the hub serves; then the old key is needed no more', async () => {
    const before = rig.vault([keyOne]);
    const stored: CredentialInfo[] = [];
    for (let number = 0; number < 230; number += 1)
      stored.push(await rig.store(before, bearer(`token-number-${number}`)));
    const theirs = await rig.store(before, bearer('their-token'), { tenantId: rig.other });
    const vault = rig.vault([keyTwo, keyOne]);
    let serving = true;
    const wrong: unknown[] = [];
    const serve = async (start: number) => {
      for (let number = start; serving; number = (number + 1) % stored.length) {
        const info = stored[number]!;
        const material = await open(vault, info);
        if (JSON.stringify(material) !== JSON.stringify(bearer(`token-number-${number}`))) wrong.push(material);
        vault.forget(rig.acme, info.integrationId);
      }
    };
    const rotate = async () => {
      for (let number = 0; number < 140; number += 7) {
        await rig.store(vault, bearer(`token-number-${number}`), { integrationId: stored[number]!.integrationId });
      }
    };
    const readers = Promise.all([serve(0), serve(100), serve(200)]);

    const rekeying = Promise.all([vault.rekey(), rotate()]).finally(() => {
      serving = false;
    });
    // Should it meet a row that is being rotated, it waits by this rig.clock.
    while (serving) await rig.clock.advance(200);
    const [result] = await rekeying;
    await readers;

    expect(wrong).toEqual([]);
    expect(result).toMatchObject({ failed: 0, keyId: keyTwo.id });
    expect(result.rewrapped).toBeGreaterThanOrEqual(211);
    expect(await vault.keysInUse()).toEqual(new Map([[keyTwo.id, 231]]));
    const afterwards = rig.vault([keyTwo]);
    for (const [number, info] of stored.entries()) {
      expect(await open(afterwards, info)).toEqual(bearer(`token-number-${number}`));
    }
    expect(await open(afterwards, theirs, rig.other)).toEqual(bearer('their-token'));
    expect(rig.audited.filter(({ action }) => action === 'vault.rekey').length).toBeGreaterThanOrEqual(3);
    expect((await vault.rekey()).rewrapped).toBe(0);
    // Also where there is nothing to move: the audit chain's seal follows the newest key with the next entry.
    expect(rig.audited.slice(-2)).toMatchObject([
      { action: 'vault.rekey', target: { id: rig.acme }, details: { rewrapped: 0 } },
      { action: 'vault.rekey', target: { id: rig.other }, details: { rewrapped: 0 } },
    ]);
  });

  it('goes on past credentials that do not open, and counts them', async () => {
    const vault = rig.vault([keyOne]);
    const broken = await rig.store(vault, bearer('broken-token'));
    const fine = await rig.store(vault, bearer('fine-token'));
    await rig.sql('UPDATE inthub.credentials SET wrapped_key = sealed WHERE id = $1', [broken.id]);

    const result = await rig.vault([keyTwo, keyOne]).rekey();

    expect(result).toEqual({ rewrapped: 1, failed: 1, keyId: keyTwo.id });
    expect(await open(rig.vault([keyTwo]), fine)).toEqual(bearer('fine-token'));
  });

  it('moves nothing whose audit entry cannot be written', async () => {
    await rig.store(rig.vault([keyOne]), bearer('a-token'));
    rig.failAudit(true);

    await expect(rig.vault([keyTwo, keyOne]).rekey()).rejects.toMatchObject({ code: 'unavailable' });

    expect(await rig.vault([keyOne]).keysInUse()).toEqual(new Map([[keyOne.id, 1]]));
  });

  it('waits for rows that are in use, by the clock', async () => {
    const vault = rig.vault([keyTwo, keyOne]);
    const { id } = await rig.store(rig.vault([keyOne]), bearer('a-token'));
    await rig.sql('BEGIN');
    await rig.sql('SELECT 1 FROM inthub.credentials WHERE id = $1 FOR UPDATE', [id]);
    const outcome = vault.rekey();
    while (rig.clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));

    await rig.sql('COMMIT');
    await rig.clock.advance(200);

    expect(await outcome).toMatchObject({ rewrapped: 1 });
  });
});
