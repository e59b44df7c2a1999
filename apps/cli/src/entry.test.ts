import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const bin = new URL('../bin/inthub.js', import.meta.url);
let directory: ReturnType<typeof createTemporaryDirectory>;

beforeEach(() => {
  directory = createTemporaryDirectory('cli-entry');
  mkdirSync(join(directory.path, 'bin'));
  writeFileSync(join(directory.path, 'package.json'), '{"type":"module"}');
  copyFileSync(bin, join(directory.path, 'bin', 'inthub.js'));
});
afterEach(() => directory.remove());

const start = () => spawnSync(process.execPath, [join(directory.path, 'bin', 'inthub.js')], { encoding: 'utf8' });

describe('bin/inthub.js', () => {
  it('says what to do when it is not built', () => {
    expect(start()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('npm ci && npm run build'),
    });
  });

  it('starts the built program', () => {
    mkdirSync(join(directory.path, 'dist'));
    writeFileSync(join(directory.path, 'dist', 'main.js'), `console.log('started');`);

    expect(start()).toMatchObject({ status: 0, stdout: 'started\n', stderr: '' });
  });
});

describe('main.ts', () => {
  const main = new URL('./main.ts', import.meta.url).pathname;

  it('ends quietly when the reader of its output has left', async () => {
    const program = spawn(process.execPath, ['--conditions=source', main, 'completion', 'bash']);
    program.stdout.destroy();
    let stderr = '';
    program.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });

    const code = await new Promise((resolve) => program.once('close', resolve));

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('prints the result and ends with the exit code', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['--conditions=source', main, ...args], { encoding: 'utf8' });

    expect(run('completion', 'fish')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/^# fish/),
    });
    expect(run('nonsense')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^error: unknown/) });
  });
});
