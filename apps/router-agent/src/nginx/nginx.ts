import { readFile } from 'node:fs/promises';
import type { AgentClock } from '../agent-clock.ts';
import { AgentError } from '../agent-error.ts';
import type { LiveBackend, RouterProduct } from '../router-product.ts';
import { runCommand } from '../run-command.ts';
import { editNginx, parseNginx } from './nginx-config.ts';

export interface NginxOptions {
  /** The nginx program. */
  readonly program: string;
  /** Main configuration file, as nginx was started with. */
  readonly configFile: string;
  /** File with the process id of nginx's master process. */
  readonly pidFile: string;
  readonly clock: AgentClock;
}

const pollMs = 20;
const patienceMs = 10_000;

/** nginx: a change is a reload. Old workers finish their requests, so none fails. Source: nginx.org/en/docs/control.html. */
export function createNginx({ program, configFile, pidFile, clock }: NginxOptions): RouterProduct {
  const run = (...options: readonly string[]) => runCommand(program, ['-c', configFile, ...options]);

  async function masterPid(): Promise<number> {
    const pid = Number((await readFile(pidFile, 'utf8')).trim());
    if (!Number.isInteger(pid) || pid < 2) throw new AgentError('failed', `${pidFile} holds no process id.`);
    return pid;
  }

  /** Worker processes that take connections: Linux tells the children, and a worker that is leaving says so in its title. */
  async function workers(pid: number): Promise<ReadonlySet<string>> {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/).filter(Boolean);
    const titles = await Promise.all(
      // Gone meanwhile: as good as leaving.
      children.map((child) => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => 'shutting down')),
    );
    return new Set(children.filter((_, at) => !titles[at]?.includes('shutting down')));
  }

  return {
    id: 'nginx',
    maxWeight: 65_535,
    parse: parseNginx,
    edit: editNginx,
    async version() {
      const { output } = await runCommand(program, ['-v']);
      return /nginx\/(\S+)/.exec(output)?.[1] ?? 'unknown';
    },
    async validate() {
      const { code, output } = await run('-t', '-q');
      return { valid: code === 0, messages: output.split('\n').filter(Boolean).slice(0, 50) };
    },
    async activate() {
      const pid = await masterPid();
      const before = await workers(pid);
      const { code, output } = await run('-s', 'reload');
      if (code !== 0) throw new AgentError('failed', `nginx refused to reload: ${output.slice(0, 500)}`);
      const endMs = clock.nowMs() + patienceMs;
      for (;;) {
        const now = await workers(pid);
        if (now.size > 0 && ![...now].some((worker) => before.has(worker))) return;
        if (clock.nowMs() > endMs)
          throw new AgentError('failed', 'nginx started no new worker; its error log says why it kept the old state.');
        await clock.sleep(pollMs);
      }
    },
    // The open-source nginx does not tell how its upstreams fare.
    live: async () => new Map<string, ReadonlyMap<string, LiveBackend>>(),
  };
}
