import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { acceptsTcp } from './child.ts';
import { peersOrSkip } from './debian-packages.ts';
import { type StartValkeyOptions, startValkey, type Valkey } from './valkey.ts';

const peers = await peersOrSkip(['redis-server']);

/** One inline command; what comes back within a line or two. */
async function ask(port: number, ...commands: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 300 }, () =>
      socket.write(`${commands.join('\r\n')}\r\n`),
    );
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
      if (heard.split('\r\n').length > commands.length) socket.destroy();
    });
    socket
      .once('timeout', () => socket.destroy())
      .once('close', () => resolve(heard))
      .once('error', reject);
  });
}

describe.skipIf(peers.skip)(peers.label('startValkey'), () => {
  let server: Valkey;
  const start = async (options?: StartValkeyOptions) => {
    server = await startValkey(options);
    return server.port;
  };
  afterEach(() => server.stop());

  it('answers, and is gone after stop', async () => {
    const port = await start();
    expect(await ask(port, 'SET a 1', 'GET a')).toContain('$1');

    await server.stop();

    expect(await acceptsTcp(port)).toBe(false);
  });

  it('refuses clients without the password', async () => {
    const port = await start({ password: 'hunter2' });

    expect(await ask(port, 'GET a')).toMatch(/^-NOAUTH/);
    expect(await ask(port, 'AUTH wrong')).toMatch(/^-WRONGPASS/);
    expect(await ask(port, 'AUTH hunter2')).toMatch(/^\+OK/);
  });

  it('as a cluster refuses scripts whose keys lie in several slots', async () => {
    const port = await start({ cluster: true });

    expect(await ask(port, 'EVAL "return 1" 2 a b')).toMatch(/^-CROSSSLOT/);
    expect(await ask(port, 'EVAL "return 1" 2 {t}a {t}b')).toMatch(/^:1/);
  });

  it('keeps what it knows over a crash only with an append-only file', async () => {
    for (const appendOnly of [true, false]) {
      const port = await start({ appendOnly });
      await ask(port, 'SET a 1');
      await server.kill();
      await server.restart();

      expect(await ask(port, 'EXISTS a')).toMatch(appendOnly ? /^:1/ : /^:0/);
      if (appendOnly) await server.stop();
    }
  });

  it('goes deaf while paused', async () => {
    const port = await start();
    server.pause();
    expect(await ask(port, 'PING')).toBe('');

    server.resume();

    expect(await ask(port, 'PING')).toContain('PONG');
  });
});
