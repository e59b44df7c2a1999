import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { acceptsTcp, answersHttp, startChild, waitUntilReady } from './child.ts';
import { listenOnLoopback } from './loopback-server.ts';

const node = process.execPath;
/** Also false for a process that has ended and waits for the init process to collect it. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !/^[ZX]/.test(spawnSync('ps', ['-p', String(pid), '-o', 'stat='], { encoding: 'utf8' }).stdout);
};

describe('startChild', () => {
  it('captures what the child says and how it ends', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'console.log("out"); console.error("err"); process.exitCode = 3'],
    });

    expect(await child.ended).toBe(3);
    expect(child.exited).toBe(true);
    expect(child.logs()).toMatch(/out[\s\S]*err|err[\s\S]*out/);
    await child.stop();
  });

  it('keeps the end of a long log only', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'process.stdout.write("x".repeat(1_000_000) + "the end")'],
    });

    await child.ended;

    expect(child.logs().length).toBe(256 * 1024);
    expect(child.logs().endsWith('the end')).toBe(true);
  });

  it('kills a child that does not heed the polite signal', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'],
      stopGraceMs: 100,
    });
    await waitUntilReady(child, { name: 'deaf child', probe: () => child.logs().includes('up') });

    await Promise.all([child.stop(), child.stop()]);

    expect(await child.ended).toBe('SIGKILL');
    expect(isAlive(child.pid)).toBe(false);
  });

  it('says when there is no such command', async () => {
    await expect(startChild({ command: 'inthub-no-such-command' })).rejects.toThrow(/inthub-no-such-command/);
  });

  it.each(['SIGTERM', 'SIGKILL', 'exit'] as const)('leaves no orphan when this process ends by %s', async (end) => {
    const childModule = join(dirname(fileURLToPath(import.meta.url)), 'child.ts');
    const script = `
      const { startChild } = await import(${JSON.stringify(childModule)});
      const child = await startChild({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] });
      console.log(child.pid);
      ${end === 'exit' ? 'process.exit(0);' : 'setInterval(() => {}, 1000);'}
    `;
    const parent = spawn(node, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(pid).toBeGreaterThan(1);

    if (end !== 'exit') parent.kill(end);

    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

describe('waitUntilReady', () => {
  it('gives what the probe found', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'console.log("port=123"); setInterval(() => {}, 1000)'],
    });

    expect(await waitUntilReady(child, { name: 'child', probe: () => /port=(\d+)/.exec(child.logs())?.[1] })).toBe(
      '123',
    );
    await child.stop();
  });

  it('tells the log of a child that ended too early', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'console.error("bad config"); process.exitCode = 1'],
    });

    await expect(waitUntilReady(child, { name: 'the thing', probe: () => undefined })).rejects.toThrow(
      /the thing ended with 1 [\s\S]*bad config/,
    );
  });

  it('stops a child that never gets ready', async () => {
    const child = await startChild({ command: node, args: ['-e', 'setInterval(() => {}, 1000)'] });

    await expect(waitUntilReady(child, { name: 'the thing', probe: () => false, timeoutMs: 50 })).rejects.toThrow(
      /not ready within 50 ms/,
    );
    expect(isAlive(child.pid)).toBe(false);
  });
});

describe('probes', () => {
  it('tell a listening port from a closed one', async () => {
    const { port, stop } = await listenOnLoopback(createServer((_request, response) => response.writeHead(500).end()));
    expect([await acceptsTcp(port), await answersHttp(`http://127.0.0.1:${port}/`)]).toEqual([true, true]);
    await stop();
    await stop();

    expect(await acceptsTcp(port)).toBe(false);
    await expect(answersHttp(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});
