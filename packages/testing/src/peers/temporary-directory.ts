import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atProcessEnd } from './process-end.ts';

export interface TemporaryDirectory {
  path: string;
  /** Deletes it with everything inside. May be called twice. */
  remove(): void;
}

const open = new Set<string>();
let watchesEnd = false;

/**
 * A fresh private directory `inthub-<purpose>-…`, removed at the latest when the process exits.
 * @param within The folder to make it in; default: the system's temporary folder.
 */
export function createTemporaryDirectory(purpose: string, within: string = tmpdir()): TemporaryDirectory {
  const path = mkdtempSync(join(within, `inthub-${purpose}-`));
  chmodSync(path, 0o700);
  open.add(path);
  if (!watchesEnd) {
    watchesEnd = true;
    atProcessEnd('removeFiles', () => {
      for (const left of open) removeTree(left);
    });
  }
  return {
    path,
    remove() {
      removeTree(path);
      open.delete(path);
    },
  };
}

/**
 * Deletes a folder that a process in its last moments may still be writing to. Node's own retries do not suffice: a file that
 * vanishes meanwhile ends them as if all were done.
 */
export function removeTree(path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (attempt === 20) throw error;
    }
    if (attempt === 20 || !existsSync(path)) return;
    // Also called while the process exits, when nothing can be awaited.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}
