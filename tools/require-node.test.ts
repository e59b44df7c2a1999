import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const guard = pathToFileURL(resolve(import.meta.dirname, 'require-node.mjs')).href;

/** Runs the guard in a Node that says it is of the given version. */
function runAs(version: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', `${pretend} await import('${guard}');`], {
    encoding: 'utf8',
  });
}

it('lets Node 24 and newer pass without a word', () => {
  expect(runAs('24.0.0')).toMatchObject({ status: 0, stderr: '' });
  expect(runAs('26.1.0')).toMatchObject({ status: 0, stderr: '' });
});

it('stops an older Node and says how to get the right one', () => {
  const { status, stderr } = runAs('22.11.0');

  expect(status).toBe(1);
  expect(stderr).toContain('needs Node 24');
  expect(stderr).toContain('npm start');
});
