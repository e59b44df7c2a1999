import { beforeAll, describe, expect, it } from 'vitest';
import { checkValue, type VaultActionId, vaultActionSpecs } from '../index.ts';

/** What the vault under test holds. */
export interface VaultFixtures {
  /** A secret in a folder, with at least one text field. */
  readonly path: string;
  readonly field: string;
  readonly value: string;
  /** The folder that holds it, and the names in there, folders included. */
  readonly folder: string;
  readonly names: readonly string[];
  readonly missingPath: string;
  /** A key for transit, where it is offered. */
  readonly key?: string;
  /** A role that may issue this name, where pki is offered. */
  readonly pki?: { readonly role: string; readonly commonName: string };
}

export interface VaultConformanceOptions {
  readonly name: string;
  readonly offered: readonly VaultActionId[];
  /** Called once before the tests. */
  fixtures(): VaultFixtures | Promise<VaultFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: VaultActionId, input: unknown): Promise<unknown>;
}

/** The category suite of vaults; runs the same against a fake, a real server and the whole hub. */
export function vaultConformance(options: VaultConformanceOptions): void {
  const { name, offered } = options;
  const run = async (action: VaultActionId, input: unknown): Promise<Record<string, unknown>> => {
    const output = await options.run(action, input);
    expect(checkValue(vaultActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Record<string, unknown>;
  };
  const has = (id: VaultActionId) => offered.includes(id);

  describe(`vault conformance of ${name}`, () => {
    let fixtures: VaultFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });

    if (has('secret.ref')) {
      it('secret.ref gives a reference and the names of the fields, and no value', async () => {
        const { path, field, value } = fixtures;

        const found = await run('secret.ref', { path, field });

        expect(found['reference']).toMatch(/^ref:\/\/vaults\/[^/]+\/.+#/);
        expect(String(found['reference']).endsWith(`/${path}#${field}`)).toBe(true);
        expect(found['fields']).toContain(field);
        expect(JSON.stringify(found)).not.toContain(value);
      });

      it('secret.ref refuses a secret and a field that are not there', async () => {
        const { path, missingPath } = fixtures;

        await expect(run('secret.ref', { path: missingPath })).rejects.toMatchObject({ code: 'provider_not_found' });
        await expect(run('secret.ref', { path, field: 'no-such-field' })).rejects.toMatchObject({
          code: 'provider_not_found',
        });
      });
    }
    if (has('secret.list')) {
      it('secret.list gives the names of a folder once each, in pages that end', async () => {
        const names: string[] = [];
        let cursor: unknown = null;
        do {
          const page = await run('secret.list', { path: fixtures.folder, limit: 1, ...(cursor ? { cursor } : {}) });
          const items = page['items'] as { name: string }[];
          expect(items.length).toBeLessThanOrEqual(1);
          names.push(...items.map((item) => item.name));
          cursor = page['nextCursor'];
        } while (cursor !== null && names.length < 1000);

        expect(names.sort()).toEqual([...fixtures.names].sort());
        await expect(run('secret.list', { cursor: 'forged' })).rejects.toMatchObject({ code: 'invalid_cursor' });
      });
    }
    if (has('secret.read')) {
      it('secret.read gives the values, and says that there is no such secret', async () => {
        const { path, field, value, missingPath } = fixtures;

        expect(await run('secret.read', { path })).toMatchObject({ path, fields: { [field]: value } });
        await expect(run('secret.read', { path: missingPath })).rejects.toMatchObject({ code: 'provider_not_found' });
      });
    }
    it.each(offered.filter((id) => vaultActionSpecs[id].input.properties !== undefined && id.startsWith('secret.')))(
      '%s refuses a path that leaves its mount',
      async (action) => {
        for (const path of ['../sys/health', 'a/../../b', './a', '/a', 'a//b', 'a/', 'a?list=true', 'a#b', 'a b'])
          await expect(run(action, { path }), path).rejects.toMatchObject({ code: 'invalid_request' });
      },
    );
    if (has('transit.encrypt') && has('transit.decrypt')) {
      it('transit.decrypt gives back what transit.encrypt took, text or bytes', async () => {
        const { key } = fixtures;
        const bytes = Buffer.from([0, 255, 10, 128]).toString('base64');

        const text = await run('transit.encrypt', { key, plaintext: 'zażółć 🦊' });
        const raw = await run('transit.encrypt', { key, plaintextBase64: bytes });

        expect(text['ciphertext']).not.toContain('zażółć');
        expect(await run('transit.decrypt', { key, ciphertext: text['ciphertext'] })).toMatchObject({
          plaintext: 'zażółć 🦊',
        });
        expect(await run('transit.decrypt', { key, ciphertext: raw['ciphertext'] })).toEqual({
          plaintext: null,
          plaintextBase64: bytes,
        });
        await expect(run('transit.encrypt', { key })).rejects.toMatchObject({ code: 'invalid_request' });
      });
    }
    if (has('pki.issue') && has('certificate.get')) {
      it('certificate.get finds what pki.issue made', async () => {
        const issued = await run('pki.issue', fixtures.pki);

        expect(issued['certificate']).toMatch(/^-----BEGIN CERTIFICATE-----/);
        expect(issued['privateKey']).toMatch(/PRIVATE KEY-----/);
        const found = await run('certificate.get', { serialNumber: issued['serialNumber'] });
        expect(String(found['certificate']).trim()).toBe(String(issued['certificate']).trim());
        expect(found).toMatchObject({
          revokedAt: null,
          subject: expect.stringContaining(fixtures.pki?.commonName ?? ''),
        });
      });
    }
  });
}
