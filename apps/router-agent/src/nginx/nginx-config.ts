/**
 * Finds and changes `server` lines of `upstream` blocks in an nginx configuration. In place: operators keep these files by hand, so
 * every other byte must stay, which a parser that writes the file anew does not promise.
 * Source: nginx.org/en/docs/http/ngx_http_upstream_module.html.
 */
import { AgentError } from '../agent-error.ts';
import type { Backend, Change, Upstream } from '../router-product.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface ServerLine {
  /** `server`, the address, parameters. */
  readonly words: readonly Token[];
  /** End of the statement, after its semicolon. */
  readonly end: number;
}

interface UpstreamBlock {
  readonly name: string;
  readonly servers: readonly ServerLine[];
  /** Offset of the closing brace. */
  readonly close: number;
}

/** Words, `{`, `}` and `;`, without comments. Source: nginx ngx_conf_read_token (src/core/ngx_conf_file.c). */
function* tokens(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (/\s/.test(char)) at += 1;
    else if (char === '#') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (char === '{' || char === '}' || char === ';') {
      yield { text: char, start: at, end: at + 1 };
      at += 1;
    } else {
      const end = char === '"' || char === "'" ? endOfQuoted(text, at) : endOfWord(text, at);
      yield { text: text.slice(at, end), start: at, end };
      at = end;
    }
  }
}

function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s;{}]/.test(text[at] as string)) {
    if (text[at] === '$' && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      at = end === -1 ? text.length : end + 1;
    } else at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(Math.max(at, start + 1), text.length);
}

function upstreamBlocks(text: string): UpstreamBlock[] {
  const blocks: UpstreamBlock[] = [];
  let words: Token[] = [];
  /** One entry an open block; null where it is no upstream. */
  const open: ({ name: string; servers: ServerLine[] } | null)[] = [];
  for (const token of tokens(text)) {
    const inside = open.at(-1) ?? null;
    if (token.text === '{') {
      const [directive, name] = words;
      open.push(
        directive?.text === 'upstream' && name !== undefined ? { name: unquote(name.text), servers: [] } : null,
      );
      words = [];
    } else if (token.text === '}') {
      open.pop();
      if (inside !== null) blocks.push({ ...inside, close: token.start });
      words = [];
    } else if (token.text === ';') {
      if (inside !== null && words[0]?.text === 'server' && words.length > 1)
        inside.servers.push({ words, end: token.end });
      words = [];
    } else words.push(token);
  }
  return blocks;
}

export function parseNginx(text: string): Upstream[] {
  return upstreamBlocks(text).map(({ name, servers }) => ({ name, backends: servers.map(toBackend) }));
}

/** @throws AgentError */
export function editNginx(text: string, change: Change): string {
  const block = upstreamBlocks(text).find(({ name }) => name === change.upstream);
  if (block === undefined) throw new AgentError('not_found', `There is no upstream "${change.upstream}" in the file.`);
  switch (change.kind) {
    case 'weights': {
      const lines = Object.entries(change.weights).map(([name, weight]) => ({ line: serverOf(block, name), weight }));
      // From the end, so that the offsets before stay true.
      lines.sort((a, b) => b.line.end - a.line.end);
      return lines.reduce((edited, { line, weight }) => replaceLine(edited, line, weight), text);
    }
    case 'add': {
      const address = formatAddress(change.backend);
      if (block.servers.some(({ words }) => unquote(words[1]?.text ?? '') === address))
        throw new AgentError('conflict', `The upstream "${block.name}" has a backend ${address} already.`);
      const line = `server ${address}${weightText(change.backend.weight)};`;
      const last = block.servers.at(-1);
      const at = last?.end ?? block.close;
      const indent = last === undefined ? '    ' : indentOf(text, last.words[0]?.start ?? 0);
      return `${text.slice(0, at)}\n${indent}${line}${last === undefined ? '\n' : ''}${text.slice(at)}`;
    }
    case 'remove': {
      const line = serverOf(block, change.backend);
      const start = line.words[0]?.start ?? 0;
      const lineStart = text.lastIndexOf('\n', start) + 1;
      const isAlone =
        /^[ \t]*$/.test(text.slice(lineStart, start)) && /^[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/.test(text.slice(line.end));
      if (!isAlone) return text.slice(0, start) + text.slice(line.end);
      const next = text.indexOf('\n', line.end);
      return text.slice(0, lineStart) + (next === -1 ? '' : text.slice(next + 1));
    }
  }
}

/** nginx knows no weight 0 (it refuses to start); `down` is what it means. */
function replaceLine(text: string, { words }: ServerLine, weight: number): string {
  const parameters = words.slice(2);
  const kept = parameters
    .filter(({ text: word }) => !/^(?:weight=|down$)/.test(unquote(word)))
    .map((word) => word.text);
  const address = words[1] as Token;
  const rest = [...weightWords(weight), ...kept];
  const end = (parameters.at(-1) ?? address).end;
  return `${text.slice(0, address.end)}${rest.map((word) => ` ${word}`).join('')}${text.slice(end)}`;
}

function weightWords(weight: number): string[] {
  return weight === 0 ? ['down'] : [`weight=${weight}`];
}

function weightText(weight: number): string {
  return weightWords(weight)
    .map((word) => ` ${word}`)
    .join('');
}

function serverOf({ name, servers }: UpstreamBlock, backend: string): ServerLine {
  const found = servers.find(({ words }) => unquote(words[1]?.text ?? '') === backend);
  if (found !== undefined) return found;
  const known = servers.map(({ words }) => unquote(words[1]?.text ?? '')).join(', ');
  throw new AgentError('not_found', `The upstream "${name}" has no backend "${backend}"; it has ${known || 'none'}.`);
}

function toBackend({ words }: ServerLine): Backend {
  const name = unquote(words[1]?.text ?? '');
  const parameters = words.slice(2).map(({ text }) => unquote(text));
  const weight = parameters.find((word) => word.startsWith('weight='))?.slice('weight='.length);
  const [, address = name, port] = /^(.*?)(?::(\d+))?$/.exec(name.startsWith('unix:') ? '' : name) ?? [];
  return {
    name,
    address: address === '' ? name : address,
    port: port === undefined ? null : Number(port),
    weight: parameters.includes('down') ? 0 : Number(weight ?? 1),
    isBackup: parameters.includes('backup'),
  };
}

function formatAddress({ address, port }: { address: string; port: number | null }): string {
  const host =
    address.includes(':') && !address.startsWith('[') && !address.startsWith('unix:') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}

function indentOf(text: string, at: number): string {
  return /[ \t]*$/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
}

function unquote(word: string): string {
  return /^(["'])(.*)\1$/s.exec(word)?.[2] ?? word;
}
