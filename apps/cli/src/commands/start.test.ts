import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startBench } from '../testing/run-cli.ts';
import { hubEnvironment } from './start.ts';

/** A stand-in for the hub's entry: what counts here is how it is started and ended. */
async function benchWithHub(script: string) {
  const bench = await startBench();
  const file = join(bench.configHome, 'hub.mjs');
  writeFileSync(file, script);
  return { ...bench, file, hubEntry: () => pathToFileURL(file).href };
}

describe('inthub start', () => {
  it.each([0, 2, 77])('ends with the hub’s own exit code %i', async (code) => {
    const { run, hubEntry } = await benchWithHub(`process.exit(${code});`);

    expect(await run(['start'], { hubEntry })).toMatchObject({ code, stdout: '', stderr: '' });
  });

  it('hands flags over as the hub’s variables, and keeps the rest of the environment', async () => {
    const { run, hubEntry } = await benchWithHub(
      `const { HUB_PORT, HUB_HOST, HUB_DATA_DIR, KEPT } = process.env;
       process.exit([HUB_PORT, HUB_HOST, HUB_DATA_DIR, KEPT].join() === '0,127.0.0.1,/srv/data,yes' ? 0 : 9);`,
    );

    const flags = ['--port', '0', '--host', '127.0.0.1', '--data-dir', '/srv/data'];
    const { code } = await run(['start', ...flags], { hubEntry, environment: { KEPT: 'yes', HUB_PORT: '1' } });

    expect(code).toBe(0);
    expect(hubEnvironment({ HUB_PORT: '1' }, {})).toEqual({ HUB_PORT: '1' });
  });

  it('shows the end by a signal as shells do', async () => {
    const { run, hubEntry } = await benchWithHub(`process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);

    expect((await run(['start'], { hubEntry })).code).toBe(137);
  });

  it('passes SIGTERM on, and lets the hub end in its own time', async () => {
    const { hubEntry } = await benchWithHub(
      `process.on('SIGTERM', () => { console.log('draining'); process.exit(5); });
       console.log('ready'); setInterval(() => {}, 1000);`,
    );
    const program = `
      import { Command } from 'commander';
      import { addStartCommand } from ${JSON.stringify(new URL('./start.ts', import.meta.url).href)};
      const program = new Command();
      addStartCommand(program, { terminal: { environment: process.env, hubEntry: () => ${JSON.stringify(hubEntry())} } });
      await program.parseAsync(['start'], { from: 'user' }).catch((error) => { process.exitCode = error.exitCode; });`;
    const options = ['--conditions=source', '--input-type=module', '--eval', program];
    const cli = spawn(process.execPath, options, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    cli.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout === 'ready\n') cli.kill('SIGTERM');
    });

    const code = await new Promise((resolve) => cli.once('exit', resolve));

    expect({ code, stdout }).toEqual({ code: 5, stdout: 'ready\ndraining\n' });
  });

  it('says what to do when the hub is not built or not installed', async () => {
    const { run } = await startBench();
    const missing = () => {
      throw new Error('not exported');
    };

    const notBuilt = await run(['start']);
    const notInstalled = await run(['start'], { hubEntry: missing });

    expect(notBuilt).toMatchObject({ code: 1, stderr: expect.stringContaining('The hub is not built yet.') });
    expect(notInstalled).toMatchObject({ code: 1, stderr: expect.stringContaining('is not installed here') });
    expect(notBuilt.stderr).toContain('npm ci && npm run build');
  });

  it('refuses a port that is none', async () => {
    const { run } = await startBench();

    expect((await run(['start', '--port', '70000'])).code).toBe(2);
  });
});
