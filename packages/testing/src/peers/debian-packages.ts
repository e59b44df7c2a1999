/**
 * Finds the real servers and tools that peer tests talk to, and installs the missing ones from Debian or Ubuntu when allowed.
 * Kept free of imports outside `node:` so that `tools/install-test-peers.ts` can run it before anything is built.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Peer name (also the command it must provide) → the Debian package that brings it. */
const packageOf = {
  'docker-registry': 'docker-registry',
  skopeo: 'skopeo',
  umoci: 'umoci',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  'nats-server': 'nats-server',
} as const;

export type PeerName = keyof typeof packageOf;

export const allPeers = Object.keys(packageOf) as PeerName[];

export interface EnsuredPackages {
  /** Peers still absent after the attempt; empty when everything is there. */
  missing: PeerName[];
  /** Peers that were absent when called and are there now. */
  installed: PeerName[];
  /** What a person can do about `missing`; empty when nothing is. */
  hint: string;
}

export interface PeerAvailability {
  /** Hand to `describe.skipIf`. */
  skip: boolean;
  /** Why the suite is skipped and what to install; empty when it runs. */
  reason: string;
  /** `title`, with the reason appended when the suite is skipped, so that the report says it. */
  label(title: string): string;
}

// Debian keeps servers in sbin, which the PATH of an ordinary user leaves out.
const extraFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Absolute path of a command, or undefined when the machine does not have it. */
export function findCommand(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...extraFolders];
  return folders.map((folder) => join(folder, command)).find(isExecutableFile);
}

/** Absolute path of a peer's command. Throws, naming the package, when it is absent. */
export function getCommand(peer: PeerName): string {
  const path = findCommand(peer);
  if (path === undefined) throw new Error(`The test peer "${peer}" is not installed. ${hintFor([peer])}`);
  return path;
}

/**
 * Makes sure that the named peers exist. As root on a machine with apt the missing ones are installed (services are kept from
 * starting; concurrent callers wait for one another); otherwise they are only reported.
 *
 * @throws when apt itself fails, with the end of its output.
 */
export async function ensurePackages(names: readonly PeerName[]): Promise<EnsuredPackages> {
  const missing = absentOf(names);
  if (missing.length === 0) return { missing: [], installed: [], hint: '' };
  if (process.getuid?.() !== 0 || findCommand('apt-get') === undefined)
    return { missing, installed: [], hint: hintFor(missing) };

  await aptInstall(missing);

  const stillMissing = absentOf(missing);
  return {
    missing: stillMissing,
    installed: missing.filter((name) => !stillMissing.includes(name)),
    hint: stillMissing.length === 0 ? '' : hintFor(stillMissing),
  };
}

/**
 * For the top of a peer test file: `const peers = await peersOrSkip(['skopeo']); describe.skipIf(peers.skip)(peers.label('…'), …)`.
 * Where `CI=true` an absent peer is a failure, so that a suite cannot vanish unnoticed.
 */
export async function peersOrSkip(names: readonly PeerName[]): Promise<PeerAvailability> {
  const { missing, hint } = await ensurePackages(names);
  if (missing.length === 0) return { skip: false, reason: '', label: (title) => title };

  const reason = `missing ${missing.join(', ')}: ${hint}`;
  if (process.env['CI'] === 'true') throw new Error(`Test peers are required in CI. ${reason}`);
  return { skip: true, reason, label: (title) => `${title} [skipped, ${reason}]` };
}

/** As {@link peersOrSkip}, for code outside a suite (benches, tours): throws when a peer is absent. */
export async function requirePeers(names: readonly PeerName[]): Promise<void> {
  const { missing, hint } = await ensurePackages(names);
  if (missing.length > 0) throw new Error(`Missing ${missing.join(', ')}. ${hint}`);
}

function absentOf(names: readonly PeerName[]): PeerName[] {
  return [...new Set(names)].filter((name) => findCommand(name) === undefined);
}

function hintFor(missing: readonly PeerName[]): string {
  const packages = [...new Set(missing.map((name) => packageOf[name]))].join(' ');
  return findCommand('apt-get') === undefined
    ? `Install what provides them on this system (Debian and Ubuntu call it: ${packages})`
    : `sudo apt-get install -y --no-install-recommends ${packages}`;
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// An administrator's own policy-rc.d is left as it is; only a file carrying our mark is ever removed, also one that a killed run left behind.
const installScript = `
set -eu
policy=/usr/sbin/policy-rc.d
mark='# written by the Integration Hub test peers; safe to delete'
drop() { if [ -f "$policy" ] && grep -qF "$mark" "$policy"; then rm -f "$policy"; fi; }
drop
trap drop EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e "$policy" ]; then printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy"; chmod 755 "$policy"; fi
export DEBIAN_FRONTEND=noninteractive
todo=
while [ $# -gt 0 ]; do
  command -v "$1" >/dev/null 2>&1 || todo="$todo $2"
  shift 2
done
[ -n "$todo" ] || exit 0
apt-get update -q
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $todo
`;

async function aptInstall(missing: readonly PeerName[]): Promise<void> {
  const pairs = missing.flatMap((name) => [name, packageOf[name]]);
  const path = [process.env['PATH'] ?? '', ...extraFolders].join(delimiter);
  try {
    // flock(1): the kernel drops the lock when the holder dies, so a killed run never blocks the next one.
    await run(
      'flock',
      ['-w', '900', '/run/inthub-test-peers.lock', 'sh', '-c', installScript, 'install-test-peers', ...pairs],
      {
        env: { ...process.env, PATH: path },
        maxBuffer: 64 * 1024 * 1024,
        timeout: 20 * 60_000,
      },
    );
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout}\n${stderr}`.trim().slice(-2000);
    throw new Error(`Installing ${missing.join(', ')} with apt-get failed:\n${tail}`, { cause: error });
  }
}
