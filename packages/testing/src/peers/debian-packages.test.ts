import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensurePackages, findCommand, getCommand, peersOrSkip, requirePeers } from './debian-packages.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

/** A machine whose PATH holds these commands only; without apt-get among them nothing is ever installed. */
let bin: TemporaryDirectory;
beforeEach(() => {
  bin = createTemporaryDirectory('path');
  vi.stubEnv('PATH', bin.path);
  vi.stubEnv('CI', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  bin.remove();
});

function addCommand(name: string, mode = 0o755): string {
  const path = join(bin.path, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
}

describe('findCommand', () => {
  it('finds executables on the PATH, and nothing else of that name', () => {
    const path = addCommand('skopeo');
    addCommand('umoci', 0o644);

    expect([findCommand('skopeo'), findCommand('umoci'), findCommand('docker-registry')]).toEqual([
      path,
      undefined,
      undefined,
    ]);
    expect(getCommand('skopeo')).toBe(path);
    expect(() => getCommand('docker-registry')).toThrow(/not installed[\s\S]*docker-registry/);
  });
});

describe('absent peers', () => {
  it('are reported with their packages where they cannot be installed', async () => {
    addCommand('skopeo');

    const ensured = await ensurePackages(['skopeo', 'umoci', 'htpasswd']);

    expect(ensured).toMatchObject({ missing: ['umoci', 'htpasswd'], installed: [] });
    expect(ensured.hint).toContain('umoci apache2-utils');
    await expect(requirePeers(['umoci'])).rejects.toThrow(/Missing umoci/);
  });

  it('skip a suite, whose title then says why', async () => {
    const peers = await peersOrSkip(['umoci']);

    expect(peers.skip).toBe(true);
    expect(peers.label('images')).toMatch(/^images \[skipped, missing umoci: .*umoci/);
  });

  it('fail a suite in CI', async () => {
    vi.stubEnv('CI', 'true');

    await expect(peersOrSkip(['umoci'])).rejects.toThrow(/required in CI[\s\S]*umoci/);
  });

  it('are none when everything is there', async () => {
    addCommand('umoci');
    vi.stubEnv('CI', 'true');

    const peers = await peersOrSkip(['umoci']);

    expect([peers.skip, peers.label('images')]).toEqual([false, 'images']);
  });
});
