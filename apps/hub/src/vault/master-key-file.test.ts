import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMasterKeys } from './master-key-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inthub-keys-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const warnings: object[] = [];
const log = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) };
const key = Buffer.alloc(32, 7).toString('base64');
const load = (settings: { masterKey?: string; masterKeyFile?: string; dataDir?: string } = {}) =>
  loadMasterKeys({ masterKey: null, masterKeyFile: null, dataDir: directory, log, ...settings });

describe('loadMasterKeys', () => {
  it('makes a key for its owner only when there is none, and finds it again', async () => {
    const dataDir = join(directory, 'new', 'data');
    const first = await load({ dataDir });
    const second = await load({ dataDir });

    expect(first.generatedFile).toBe(join(dataDir, 'master.key'));
    expect(second).toEqual({ keys: first.keys, generatedFile: null });
    // Told once, so that it gets backed up; by its id only.
    expect(warnings).toEqual([{ path: first.generatedFile, keyId: first.keys[0].id }]);
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['master.key']);
    expect(await readFile(join(dataDir, 'master.key'), 'utf8')).toContain(first.keys[0].id);
  });

  it('makes one key when many processes start at once', async () => {
    const loaded = await Promise.all(Array.from({ length: 12 }, () => load()));

    expect(new Set(loaded.map(({ keys }) => keys[0].id)).size).toBe(1);
    expect(loaded.filter(({ generatedFile }) => generatedFile !== null)).toHaveLength(1);
    expect(await readdir(directory)).toEqual(['master.key']);
  });

  it('prefers the variable, then the named file', async () => {
    const file = join(directory, 'keys');
    await writeFile(file, `${Buffer.alloc(32, 9).toString('hex')}\n${key}\n`, { mode: 0o600 });

    expect((await load({ masterKey: key })).keys).toHaveLength(1);
    expect((await load({ masterKeyFile: file })).keys).toHaveLength(2);
    expect(await readdir(directory)).toEqual(['keys']);
  });

  it.each([0o640, 0o604, 0o666, 0o644])(
    'refuses a file that others may read or write (%o), and says what to run',
    async (mode) => {
      const file = join(directory, 'keys');
      await writeFile(file, key);
      await chmod(file, mode);

      await expect(load({ masterKeyFile: file })).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining(`chmod 600 ${file}`),
      });
      await chmod(file, 0o400);
      expect((await load({ masterKeyFile: file })).keys).toHaveLength(1);
    },
  );

  it('names the file that is missing, empty, too large or a folder', async () => {
    const file = join(directory, 'keys');
    await expect(load({ masterKeyFile: file })).rejects.toThrow('HUB_MASTER_KEY_FILE');
    await writeFile(file, '', { mode: 0o600 });
    await expect(load({ masterKeyFile: file })).rejects.toThrow('holds no key');
    await writeFile(file, 'x'.repeat(70_000));
    await expect(load({ masterKeyFile: file })).rejects.toThrow('too large');
    const folder = join(directory, 'folder');
    await mkdir(folder, { mode: 0o700 });
    await expect(load({ masterKeyFile: folder })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('does not replace a damaged key by a new one', async () => {
    await writeFile(join(directory, 'master.key'), 'damaged', { mode: 0o600 });

    await expect(load()).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await readFile(join(directory, 'master.key'), 'utf8')).toBe('damaged');
  });
});
