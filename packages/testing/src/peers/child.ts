/**
 * Child processes for tests: output captured within a bound, readiness waited for, and no orphan left behind. A child ends by
 * `stop()`, when this process exits or is signalled, and (Linux) when it is killed outright: the kernel then signals the child.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { findCommand } from './debian-packages.ts';
import { atProcessEnd } from './process-end.ts';

export interface StartChildOptions {
  command: string;
  args?: readonly string[];
  /** Complete environment of the child; default: that of this process. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Run as another user (needs root). */
  user?: { uid: number; gid: number };
  /** Signal that asks for a graceful end. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** How long `stop()` waits before SIGKILL, ms. Default 5000. */
  stopGraceMs?: number;
  /** Signal sent, without waiting, when this process ends without `stop()`. Default SIGKILL. */
  exitSignal?: NodeJS.Signals;
}

export interface StartedChild {
  readonly pid: number;
  /** What the child wrote to stdout and stderr, in order of arrival; the last 256 KiB. */
  logs(): string;
  readonly exited: boolean;
  /** Resolves when the child has ended, with its exit code or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Asks the child to end, kills it after the grace, resolves once it is gone. May be called twice. */
  stop(): Promise<void>;
}

const maxLogChars = 256 * 1024;
const alive = new Map<ChildProcess, NodeJS.Signals>();
let watchesEnd = false;

/** Starts a child process. Rejects when the command cannot be started at all. */
export async function startChild(options: StartChildOptions): Promise<StartedChild> {
  const {
    command,
    args = [],
    env = process.env,
    cwd,
    user,
    stopSignal = 'SIGTERM',
    stopGraceMs = 5000,
    exitSignal = 'SIGKILL',
  } = options;
  const path = command.includes('/') ? command : findCommand(command);
  if (path === undefined) throw new Error(`Could not start ${command}: no such command on this machine`);
  const [file, ...wholeArgs] = [...parentDeathPrefix(exitSignal), path, ...args] as [string, ...string[]];

  const child = spawn(file, wholeArgs, { env, cwd, ...user, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new Error(`Could not start ${command}: ${cause.message}`, { cause })));
  });

  let log = '';
  const collect = (chunk: string): void => {
    log = (log + chunk).slice(-maxLogChars);
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);

  alive.set(child, exitSignal);
  if (!watchesEnd) {
    watchesEnd = true;
    atProcessEnd('stopProcesses', () => {
      for (const [left, signal] of alive) left.kill(signal);
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', () => alive.delete(child));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 0));
  });

  return {
    pid: child.pid as number,
    logs: () => log,
    get exited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(stopSignal);
        const killer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
        await ended;
        clearTimeout(killer);
      }
      await ended;
    },
  };
}

export interface WaitUntilReadyOptions<Ready> {
  /** What is awaited, for the message when it never comes. */
  name: string;
  /** Returns the result once ready, undefined or false while not yet. What it throws counts as not yet and is the cause on failure. */
  probe: () => Promise<Ready | undefined | false> | Ready | undefined | false;
  /** Default 30 s. */
  timeoutMs?: number;
  /** Default 20 ms. */
  intervalMs?: number;
}

/** Polls until `probe` says ready. When the child ends first or the time is up, it is stopped and the error carries the end of its log. */
export async function waitUntilReady<Ready>(
  child: StartedChild,
  options: WaitUntilReadyOptions<Ready>,
): Promise<Ready> {
  const { name, probe, timeoutMs = 30_000, intervalMs = 20 } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      lastError = error;
    }
    const late = performance.now() >= deadline;
    if (child.exited || late) {
      await child.stop();
      const how = late ? `was not ready within ${timeoutMs} ms` : `ended with ${await child.ended} before it was ready`;
      throw new Error(`${name} ${how}. Its log ends:\n${child.logs().slice(-4000)}`, { cause: lastError });
    }
    await wait(intervalMs);
  }
}

/** True when something accepts TCP connections there. */
export async function acceptsTcp(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1000 });
    const end = (accepted: boolean) => (): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

/** True when the URL answers at all, with any status. */
export async function answersHttp(url: string): Promise<boolean> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(1000) });
  await response.body?.cancel();
  return true;
}

let knowsParentDeath: string | undefined;

/** setpriv(1) asks the kernel to signal the child when its parent dies, however that happens; then becomes the command (same pid). */
function parentDeathPrefix(signal: NodeJS.Signals): string[] {
  if (process.platform !== 'linux') return [];
  if (knowsParentDeath === undefined) {
    const setpriv = findCommand('setpriv');
    const works = setpriv !== undefined && spawnSync(setpriv, ['--pdeathsig', 'TERM', 'true']).status === 0;
    knowsParentDeath = works ? setpriv : '';
  }
  return knowsParentDeath === '' ? [] : [knowsParentDeath, '--pdeathsig', signal.replace(/^SIG/, '')];
}
