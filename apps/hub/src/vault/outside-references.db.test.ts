import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTenantSlug } from '../access/access.ts';
import { newKeyEncryptionKey, openVaultRig, type VaultRig } from './testing.ts';

let rig: VaultRig;
beforeAll(async () => {
  rig = await openVaultRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.reset());

const keyOne = newKeyEncryptionKey();
const bearer = (token: string) => ({ kind: 'bearer_token', token }) as const;

async function failure(work: Promise<unknown>, code = 'credential_unavailable'): Promise<HubError> {
  const error = await work.then(
    () => expect.unreachable('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HubError);
  expect(error).toMatchObject({ code });
  return error as HubError;
}

describe('outside references', () => {
  it('read the tenant’s own variables and files, in the shape that is expected', async () => {
    const vault = rig.vault([keyOne], { tenantSlug: findTenantSlug });
    const slug = await rig.inTenant(findTenantSlug);
    rig.secretEnvironment.set(`HUB_SECRET_${slug.toUpperCase().replaceAll('-', '_')}__LOGIN`, 'robot:env-password');
    await mkdir(join(rig.secretsDir, slug));
    await writeFile(join(rig.secretsDir, slug, 'secrets.json'), '{"token":"file-token","n":1}\n');

    const fromEnv = await rig.resolve(vault, `ref://env/${slug}/LOGIN`, { kind: 'basic_auth' });
    const fromFile = await rig.resolve(vault, `ref://file/${slug}/secrets.json#token`);

    expect(fromEnv.material).toEqual({ kind: 'basic_auth', username: 'robot', password: 'env-password' });
    expect(fromFile.material).toEqual(bearer('file-token'));
    expect(fromFile.fingerprint).not.toContain('file-token');
    expect(rig.learned).toEqual(['env-password', 'file-token']);
    for (const ref of [
      `ref://file/${slug}/secrets.json#n`,
      `ref://file/${slug}/secrets.json#constructor`,
      `ref://env/${slug}/LOGIN#a`,
    ]) {
      await failure(rig.resolve(vault, ref));
    }
    const check = (ref: string) => rig.inTenant((tx) => vault.checkReference(tx, ref, '/authRef'));
    await check(`ref://env/${slug}/LOGIN`);
    await check(`ref://file/${slug}/secrets.json`);
    for (const ref of [
      `ref://env/${slug}/MISSING`,
      `ref://file/${slug}/missing`,
      'ref://env/other/LOGIN',
      'ref://vaults/x/y',
      'ref://file/x/../y',
      'nonsense',
    ]) {
      expect((await failure(check(ref), 'invalid_request')).errors).toMatchObject([
        { path: '/authRef', rule: 'auth_ref' },
      ]);
    }
  });

  it('go through the reader for outside vaults when there is one', async () => {
    const vault = rig.vault([keyOne], {
      readOutsideVault: async (_request, ref) =>
        JSON.stringify({ [ref.field ?? '']: `secret of ${ref.provider}/${ref.key}` }),
    });

    expect((await rig.resolve(vault, 'ref://vaults/hashi/team/app#token')).material).toEqual(
      bearer('secret of hashi/team/app'),
    );
  });
});
