/** For tests: another process that holds an embedded server as a hub does, and that can be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { HubError } from '@inthub/contracts';

export interface HubProcess {
  readonly pid: number;
  /** What came of its start: the server's URL and pid, or why it was refused. */
  readonly said: { readonly url?: string; readonly pid?: number; readonly refused?: string };
  /** Sends the signal and waits for the hub's end. At SIGTERM it exits without stopping its server. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends the hub and the server that it may have left. */
  clear(): void;
}

export interface StartHubProcessOptions {
  dataDir: string;
  /** Default: as this process. */
  user?: { uid: number; gid: number };
}

const script = `
  import { startEmbeddedServer } from ${JSON.stringify(new URL('../embedded-server.ts', import.meta.url).href)};
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  try {
    const { url, pid } = await startEmbeddedServer({ dataDir: process.argv[1], log });
    process.on('SIGTERM', () => process.exit(0));
    console.log(JSON.stringify({ url, pid }));
    setInterval(() => {}, 60_000);
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }`;

export async function startHubProcess({ dataDir, user }: StartHubProcessOptions): Promise<HubProcess> {
  const args = ['--conditions=source', '--input-type=module', '-e', script, dataDir];
  const child = spawn(process.execPath, args, { ...user, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => Promise.reject(new HubError('internal', 'The hub process ended without a word; see stderr.'))),
  ]);
  const said = JSON.parse(String(line[0])) as HubProcess['said'];
  return {
    pid: child.pid ?? 0,
    said,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
    clear() {
      child.kill('SIGKILL');
      if (said.url === undefined || said.pid === undefined) return;
      if (isRunning(said.pid)) process.kill(said.pid, 'SIGQUIT');
      rmSync(socketFolderOf(said.url), { recursive: true, force: true });
    },
  };
}

/** Where the server behind an embedded URL has its socket. */
export function socketFolderOf(url: string): string {
  return decodeURIComponent(new URL(url).hostname);
}

/** False also for a process that has died and that nobody has collected yet. */
export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}
