import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AgentError } from './agent-error.ts';

const kept = 20;
const pendingName = 'pending.conf';

/** The managed file and the states that it had, the newest last; at most 20. */
export interface Revisions {
  read(): Promise<{ readonly text: string; readonly revision: string }>;
  /** Replaces the file at once (rename), with the mode that it had. */
  write(text: string): Promise<void>;
  /** Keeps a state that has served. */
  keep(text: string): Promise<void>;
  /** The state of a revision. @throws AgentError `not_found` */
  find(revision: string): Promise<string>;
  /** The kept revision before this one; undefined when there is none. */
  before(revision: string): Promise<string | undefined>;
  /** Marks that `text` has to come back if the agent does not live to say otherwise; undefined takes the mark away. */
  setPending(text: string | undefined): Promise<void>;
  /** What a mark of an earlier life asks for. */
  findPending(): Promise<string | undefined>;
}

export function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export async function openRevisions(file: string, stateDir: string): Promise<Revisions> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const pending = join(stateDir, pendingName);

  async function names(): Promise<string[]> {
    return (await readdir(stateDir)).filter((name) => /^\d{8}-[0-9a-f]{16}\.conf$/.test(name)).sort();
  }
  async function readOptional(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
  async function replace(path: string, text: string, mode: number): Promise<void> {
    const draft = join(dirname(path), `.${basename(path)}.inthub-draft`);
    await writeFile(draft, text, { mode, flush: true });
    await chmod(draft, mode);
    await rename(draft, path);
  }

  return {
    async read() {
      const text = await readFile(file, 'utf8');
      return { text, revision: revisionOf(text) };
    },
    async write(text) {
      await replace(file, text, (await stat(file)).mode & 0o777);
    },
    async keep(text) {
      const all = await names();
      const last = all.at(-1);
      if (last?.slice(9, 25) === revisionOf(text)) return;
      const number = Number(last?.slice(0, 8) ?? 0) + 1;
      await replace(join(stateDir, `${String(number).padStart(8, '0')}-${revisionOf(text)}.conf`), text, 0o600);
      for (const name of all.slice(0, Math.max(0, all.length + 1 - kept))) await rm(join(stateDir, name));
    },
    async find(revision) {
      const name = (await names()).findLast((candidate) => candidate.slice(9, 25) === revision);
      if (name === undefined)
        throw new AgentError('not_found', `Revision ${revision} is not kept here; the last ${kept} that served are.`);
      return readFile(join(stateDir, name), 'utf8');
    },
    async before(revision) {
      const all = (await names()).map((name) => name.slice(9, 25));
      const at = all.lastIndexOf(revision);
      return at === -1 ? all.at(-1) : all[at - 1];
    },
    async setPending(text) {
      if (text === undefined) await rm(pending, { force: true });
      else await replace(pending, text, 0o600);
    },
    findPending: () => readOptional(pending),
  };
}
