import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryDirectory } from '@inthub/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { OptionError, readOptions } from './options.ts';

const directory = createTemporaryDirectory('agent-options');
afterAll(() => directory.remove());
const tokenFile = join(directory.path, 'token');
writeFileSync(tokenFile, `${'t'.repeat(40)}\n`);
const short = join(directory.path, 'short');
writeFileSync(short, 'secret');
const good = [
  '--product',
  'nginx',
  '--config',
  '/c',
  '--pid-file',
  '/p',
  '--state-dir',
  '/s',
  '--token-file',
  tokenFile,
];

describe('options', () => {
  it('have defaults that are right for most', () => {
    expect(readOptions(good)).toMatchObject({
      product: 'nginx',
      managedFile: '/c',
      program: 'nginx',
      host: '127.0.0.1',
      port: 9440,
      token: 't'.repeat(40),
    });
  });

  it.each([
    ['nothing', [], /--product is missing/],
    ['another product', [...good, '--product', 'apache'], /nginx or haproxy, not apache/],
    ['an unknown option', [...good, '--nonsense'], /nonsense/],
    ['no socket for HAProxy', [...good, '--product', 'haproxy'], /--socket is missing/],
    ['a short token', [...good, '--token-file', short], /at least 32/],
    ['no token file', [...good, '--token-file', '/no/such'], /cannot be read/],
    ['a port that is none', [...good, '--listen', '127.0.0.1:99999'], /host:port/],
    ['an open address without TLS', [...good, '--listen', '0.0.0.0:9440'], /--tls-cert and --tls-key/],
  ])('refuse %s', (_name, options, message) => {
    expect(() => readOptions(options)).toThrow(OptionError);
    expect(() => readOptions(options)).toThrow(message);
    expect(() => readOptions(options)).not.toThrow('secret');
  });
});
