import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubError, parseAuthRef } from '@inthub/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentName, readEnvironmentSecret } from './environment-source.ts';
import { readSecretFile } from './file-source.ts';

const refusal = (error: unknown) => {
  expect(error).toBeInstanceOf(HubError);
  expect((error as HubError).code).toBe('credential_unavailable');
  return (error as HubError).message;
};
async function failure(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return refusal(error);
  }
  expect.unreachable('it was readable');
}

describe('env references', () => {
  const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/);
  const name = fc.stringMatching(/^[A-Z0-9_]{1,8}$/);

  it('of two tenants never meet in one variable', () => {
    fc.assert(
      fc.property(slug, name, slug, name, (oneSlug, oneName, otherSlug, otherName) => {
        fc.pre(oneSlug !== otherSlug);
        const variable = (provider: string, key: string) => {
          try {
            return environmentName({ scope: 'env', provider, key }, provider);
          } catch {
            return undefined;
          }
        };
        const one = variable(oneSlug, oneName);
        fc.pre(one !== undefined);
        expect(variable(otherSlug, otherName)).not.toBe(one);
      }),
      { numRuns: 2000 },
    );
  });

  it('read the variable of their own tenant, and say which one to set', async () => {
    const environment = new Map([
      ['HUB_SECRET_ACME_EU__REGISTRY_TOKEN', 'secret'],
      ['HUB_SECRET_OTHER__TOKEN', 'theirs'],
      ['HUB_SECRET_ACME_EU__EMPTY', ''],
    ]);
    const read = (text: string) => readEnvironmentSecret(environment, parseAuthRef(text), 'acme-eu');

    expect(read('ref://env/acme-eu/REGISTRY_TOKEN')).toBe('secret');
    expect(await failure(() => read('ref://env/other/TOKEN'))).toContain('ref://env/acme-eu/');
    expect(await failure(() => read('ref://env/acme-eu/MISSING'))).toContain('HUB_SECRET_ACME_EU__MISSING');
    expect(await failure(() => read('ref://env/acme-eu/EMPTY'))).toContain('HUB_SECRET_ACME_EU__EMPTY');
    for (const bad of ['lower', 'A__B', '_A', 'A_', 'A/B', 'PATH=1', 'A'.repeat(300)]) {
      expect(await failure(() => read(`ref://env/acme-eu/${bad}`))).toContain('is not a name');
    }
  });
});

describe('file references', () => {
  let root: string;
  let secrets: string;
  const read = (key: string, provider = 'acme', slug = 'acme') =>
    readSecretFile(secrets, { scope: 'file', provider, key }, slug);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'inthub-secrets-'));
    secrets = join(root, 'secrets');
    await mkdir(join(secrets, 'acme', 'deep'), { recursive: true });
    await mkdir(join(secrets, 'acme-two'));
    await writeFile(join(secrets, 'acme', 'deep', 'token'), 'line one\nline two\r\n');
    await writeFile(join(secrets, 'acme-two', 'token'), 'theirs');
    await writeFile(join(root, 'outside'), 'outside');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('give the text without its last line break', async () => {
    expect(await read('deep/token')).toBe('line one\nline two');
  });

  it('follow links that stay in the folder, as mounted secrets have them', async () => {
    await symlink('deep', join(secrets, 'acme', '..data'));
    await symlink('..data/token', join(secrets, 'acme', 'linked'));

    expect(await read('linked')).toBe('line one\nline two');
  });

  it('cannot leave the folder of their tenant', async () => {
    await symlink(join(root, 'outside'), join(secrets, 'acme', 'file-link'));
    await symlink(root, join(secrets, 'acme', 'folder-link'));
    await symlink('../acme-two/token', join(secrets, 'acme', 'sideways'));

    for (const key of ['file-link', 'folder-link/outside', 'sideways', '../acme-two/token', '../../outside', '..']) {
      expect(await failure(() => read(key))).not.toContain(root);
    }
    expect(await failure(() => read('token', 'acme-two'))).toContain('ref://file/acme/');
    expect(await failure(() => read('deep\\token'))).toContain('backslash');
    for (const text of ['ref://file/acme/../acme-two/token', 'ref://file/acme//token']) {
      expect(() => parseAuthRef(text)).toThrow('segment');
    }
  });

  it('may not be a whole tenant folder, a link to it, or anything but a regular file', async () => {
    await symlink('.', join(secrets, 'acme', 'itself'));
    execFileSync('mkfifo', [join(secrets, 'acme', 'pipe')]);

    expect(await failure(() => read('deep'))).toContain('not a regular file');
    await failure(() => read('itself'));
    expect(await failure(() => read('pipe'))).toContain('not a regular file');
    expect(await failure(() => read('missing'))).toContain('does not exist');
  });

  it('must be text of at most 64 KiB, and not empty', async () => {
    await writeFile(join(secrets, 'acme', 'large'), 'x'.repeat(64 * 1024 + 1));
    await writeFile(join(secrets, 'acme', 'full'), 'x'.repeat(64 * 1024));
    await writeFile(join(secrets, 'acme', 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
    await writeFile(join(secrets, 'acme', 'blank'), '\n');

    expect(await failure(() => read('large'))).toContain('64 KiB');
    expect(await read('full')).toHaveLength(64 * 1024);
    expect(await failure(() => read('binary'))).toContain('UTF-8');
    expect(await failure(() => read('blank'))).toContain('empty');
  });
});
