import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './temporary-directory.ts';

describe('createTemporaryDirectory', () => {
  it('makes a private folder and deletes it with its content', () => {
    const directory = createTemporaryDirectory('try');
    const inner = createTemporaryDirectory('inner', directory.path);
    writeFileSync(join(inner.path, 'file'), 'x');

    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    directory.remove();
    directory.remove();

    expect(existsSync(inner.path)).toBe(false);
  });

  it.each([
    'process.exit(0)',
    'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    'throw new Error("a crash")',
  ])('deletes it when the process ends by: %s', (end) => {
    const module = join(dirname(fileURLToPath(import.meta.url)), 'temporary-directory.ts');
    const script = `
      const { createTemporaryDirectory } = await import(${JSON.stringify(module)});
      console.log(createTemporaryDirectory('try').path);
      ${end}`;

    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });

    expect(stdout).toMatch(/inthub-try-/);
    expect(existsSync(stdout.trim())).toBe(false);
  });
});
