import { readFile } from 'node:fs/promises';
import type { AgentClock } from '../agent-clock.ts';
import { AgentError } from '../agent-error.ts';
import type { LiveBackend, RouterProduct, Upstream } from '../router-product.ts';
import { runCommand } from '../run-command.ts';
import { editHaproxy, parseHaproxy } from './haproxy-config.ts';
import { parseServersState, runtimeCommand } from './runtime-socket.ts';

export interface HaproxyOptions {
  /** The haproxy program. */
  readonly program: string;
  readonly configFile: string;
  /** File with the process id of the master (haproxy -W -p). */
  readonly pidFile: string;
  /** `stats socket … level admin expose-fd listeners`. */
  readonly socketPath: string;
  readonly clock: AgentClock;
}

const pollMs = 20;
const patienceMs = 10_000;

/**
 * HAProxy: weights change in the running process, without a reload; backends come and go by a reload in master-worker mode, which
 * hands the listening sockets over. Source: docs.haproxy.org, Management Guide, "4. Stopping and restarting HAProxy".
 */
export function createHaproxy({ program, configFile, pidFile, socketPath, clock }: HaproxyOptions): RouterProduct {
  const ask = (command: string) => runtimeCommand(socketPath, command);

  async function live(): Promise<Map<string, Map<string, LiveBackend>>> {
    const found = new Map<string, Map<string, LiveBackend>>();
    for (const row of parseServersState(await ask('show servers state'))) {
      const { be_name = '', srv_name = '', srv_uweight, srv_op_state } = row;
      const servers = found.get(be_name) ?? new Map<string, LiveBackend>();
      // 0 stopped, 1 starting, 2 running, 3 stopping.
      servers.set(srv_name, { weight: Number(srv_uweight), state: Number(srv_op_state) >= 1 ? 'up' : 'down' });
      found.set(be_name, servers);
    }
    return found;
  }

  async function reload(): Promise<void> {
    const pid = Number((await readFile(pidFile, 'utf8')).trim().split('\n')[0]);
    if (!Number.isInteger(pid) || pid < 2) throw new AgentError('failed', `${pidFile} holds no process id.`);
    const before = await processOf();
    process.kill(pid, 'SIGUSR2');
    const endMs = clock.nowMs() + patienceMs;
    for (;;) {
      const now = await processOf().catch(() => before);
      if (now !== before) return;
      if (clock.nowMs() > endMs)
        throw new AgentError('failed', 'HAProxy started no new worker; its log says why it kept the old state.');
      await clock.sleep(pollMs);
    }
  }

  async function processOf(): Promise<string> {
    return /^Pid: (\d+)$/m.exec(await ask('show info'))?.[1] ?? '';
  }

  return {
    id: 'haproxy',
    // Configuration Manual, "weight": 0 to 256.
    maxWeight: 256,
    parse: parseHaproxy,
    edit: editHaproxy,
    async version() {
      const { output } = await runCommand(program, ['-v']);
      return /version (\S+)/.exec(output)?.[1] ?? 'unknown';
    },
    async validate() {
      const { code, output } = await runCommand(program, ['-c', '-f', configFile]);
      return { valid: code === 0, messages: output.split('\n').filter(Boolean).slice(0, 50) };
    },
    async activate({ before, after }) {
      if (shape(before) !== shape(after)) await reload();
      else {
        for (const { name, backends } of after) {
          for (const backend of backends) {
            if (weightOf(before, name, backend.name) === backend.weight) continue;
            const answer = await ask(`set server ${name}/${backend.name} weight ${backend.weight}`);
            if (answer !== '') throw new AgentError('failed', `HAProxy refused the weight: ${answer.slice(0, 300)}`);
          }
        }
      }
      const running = await live();
      for (const { name, backends } of after) {
        for (const backend of backends) {
          const weight = running.get(name)?.get(backend.name)?.weight;
          if (weight !== backend.weight)
            throw new AgentError(
              'failed',
              `${name}/${backend.name} runs with weight ${weight}, not ${backend.weight}.`,
            );
        }
      }
    },
    live,
  };
}

function weightOf(upstreams: readonly Upstream[], upstream: string, backend: string): number | undefined {
  return upstreams.find(({ name }) => name === upstream)?.backends.find(({ name }) => name === backend)?.weight;
}

/** All but the weights; what differs here needs a reload. */
function shape(upstreams: readonly Upstream[]): string {
  return JSON.stringify(
    upstreams.map(({ name, backends }) => [
      name,
      backends.map((one) => [one.name, one.address, one.port, one.isBackup]),
    ]),
  );
}
