/**
 * Finds and changes `server` lines of `backend` and `listen` sections in a HAProxy configuration; every other byte stays.
 * Source: docs.haproxy.org, Configuration Manual, "2.2. Quoting and escaping", "5.2. Server and default-server options".
 */
import { AgentError } from '../agent-error.ts';
import type { Backend, Change, Upstream } from '../router-product.ts';

const sectionStart =
  /^(?:global|defaults|frontend|backend|listen|peers|resolvers|userlist|mailers|cache|program|http-errors|ring|fcgi-app|log-forward|crt-store|traces|acme)(?:\s|$)/;
const serverLine = /^(\s*server\s+)(\S+)(\s+)(\S+)(.*)$/;

interface Line {
  readonly text: string;
  /** Name of the backend or listen section that it is in. */
  readonly upstream: string | null;
}

function linesOf(text: string): Line[] {
  let upstream: string | null = null;
  return text.split('\n').map((line) => {
    if (sectionStart.test(line)) upstream = /^(?:backend|listen)\s+(\S+)/.exec(line)?.[1] ?? null;
    return { text: line, upstream };
  });
}

export function parseHaproxy(text: string): Upstream[] {
  const found = new Map<string, Backend[]>();
  for (const { text: line, upstream } of linesOf(text)) {
    if (upstream === null) continue;
    const backends = found.get(upstream) ?? [];
    found.set(upstream, backends);
    const backend = readServer(line);
    if (backend !== undefined) backends.push(backend);
  }
  return [...found].map(([name, backends]) => ({ name, backends }));
}

/** @throws AgentError */
export function editHaproxy(text: string, change: Change): string {
  const lines = linesOf(text);
  if (!lines.some(({ upstream }) => upstream === change.upstream))
    throw new AgentError('not_found', `There is no backend or listen section "${change.upstream}" in the file.`);
  const at = (name: string): number => {
    const found = lines.findIndex((line) => line.upstream === change.upstream && readServer(line.text)?.name === name);
    if (found !== -1) return found;
    const known = lines.flatMap((line) =>
      line.upstream === change.upstream ? (readServer(line.text)?.name ?? []) : [],
    );
    throw new AgentError(
      'not_found',
      `"${change.upstream}" has no server "${name}"; it has ${known.join(', ') || 'none'}.`,
    );
  };
  const texts = lines.map((line) => line.text);
  switch (change.kind) {
    case 'weights':
      for (const [name, weight] of Object.entries(change.weights)) {
        const index = at(name);
        texts[index] = withWeight(texts[index] ?? '', weight);
      }
      break;
    case 'add': {
      const { address, port, weight } = change.backend;
      const name = change.backend.name ?? `${address}_${port ?? ''}`.replaceAll(/[^A-Za-z0-9_.-]/g, '_');
      const inSection = lines.flatMap((line, index) => (line.upstream === change.upstream ? [{ ...line, index }] : []));
      if (inSection.some((line) => readServer(line.text)?.name === name))
        throw new AgentError('conflict', `"${change.upstream}" has a server "${name}" already.`);
      const servers = inSection.filter((line) => readServer(line.text) !== undefined);
      const filled = inSection.filter((line) => line.text.trim() !== '');
      const last = servers.at(-1) ?? filled.at(-1);
      const indent = /^\s*/.exec(servers.at(-1)?.text ?? '    ')?.[0] ?? '    ';
      // A new server is checked as the others are.
      const check = servers.some((line) => /\scheck(?:\s|$)/.test(line.text)) ? ' check' : '';
      const host = address.includes(':') ? `[${address.replaceAll(/[[\]]/g, '')}]` : address;
      const target = port === null ? host : `${host}:${port}`;
      texts.splice((last?.index ?? 0) + 1, 0, `${indent}server ${name} ${target} weight ${weight}${check}`);
      break;
    }
    case 'remove':
      texts.splice(at(change.backend), 1);
      break;
  }
  return texts.join('\n');
}

function withWeight(line: string, weight: number): string {
  const [code = '', comment = ''] = splitComment(line);
  const replaced = /(\sweight\s+)\d+/.test(code)
    ? code.replace(/(\sweight\s+)\d+/, `$1${weight}`)
    : code.replace(
        serverLine,
        (_all, start: string, name: string, gap: string, address: string, rest: string) =>
          `${start}${name}${gap}${address} weight ${weight}${rest}`,
      );
  return replaced + comment;
}

function readServer(line: string): Backend | undefined {
  const [code = ''] = splitComment(line);
  const [, , name, , target, rest = ''] = serverLine.exec(code) ?? [];
  if (name === undefined || target === undefined) return undefined;
  const [, address = target, port] = /^(.*?)(?::(\d+))?$/.exec(target.startsWith('/') ? '' : target) ?? [];
  return {
    name,
    address: address === '' ? target : address.replaceAll(/[[\]]/g, ''),
    port: port === undefined ? null : Number(port),
    weight: Number(/\sweight\s+(\d+)/.exec(rest)?.[1] ?? 1),
    isBackup: /\sbackup(?:\s|$)/.test(rest),
  };
}

/** A `#` outside of quotes and not escaped begins a comment. */
function splitComment(line: string): [string, string] {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] as string;
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '#') return [line.slice(0, at), line.slice(at)];
  }
  return [line, ''];
}
