import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** Bad options; the message is for the person at the keyboard. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

export interface AgentOptions {
  readonly product: 'nginx' | 'haproxy';
  /** Main configuration file of the router. */
  readonly configFile: string;
  /** File that the agent edits; default the main one. */
  readonly managedFile: string;
  readonly pidFile: string;
  /** HAProxy only. */
  readonly socketPath: string | undefined;
  readonly program: string;
  readonly stateDir: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Asked after each change; must answer below 500. */
  readonly probeUrl: string | undefined;
}

const usage = `inthub-router-agent --product nginx|haproxy --config <file> --pid-file <file> --state-dir <folder> --token-file <file>

  --managed-file <file>   file that holds the upstreams, if not the main one (nginx includes it)
  --socket <path>         HAProxy: stats socket with level admin
  --program <path>        default nginx or haproxy
  --listen <host:port>    default 127.0.0.1:9440
  --tls-cert, --tls-key   PEM files; demanded unless it listens on a loopback address
  --probe-url <url>       asked after each change; an answer of 500 or above brings the former state back`;

const minTokenLength = 32;

/** @throws OptionError naming the option */
export function readOptions(given: readonly string[]): AgentOptions {
  const { values } = parse(given);
  const demand = (name: keyof typeof values): string => {
    const value = values[name];
    if (typeof value !== 'string' || value === '') throw new OptionError(`--${name} is missing.\n\n${usage}`);
    return value;
  };
  const product = demand('product');
  if (product !== 'nginx' && product !== 'haproxy')
    throw new OptionError(`--product is nginx or haproxy, not ${product}.`);
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(values.listen ?? '127.0.0.1:9440') ?? [];
  if (host === '' || Number(port) > 65_535) throw new OptionError('--listen is host:port, for example 127.0.0.1:9440.');
  const token = readText('token-file', demand('token-file')).trim();
  if (token.length < minTokenLength)
    throw new OptionError(`--token-file must hold at least ${minTokenLength} characters (openssl rand -hex 32).`);
  const isTls = values['tls-cert'] !== undefined || values['tls-key'] !== undefined;
  const tls = isTls
    ? { cert: readText('tls-cert', demand('tls-cert')), key: readText('tls-key', demand('tls-key')) }
    : undefined;
  if (tls === undefined && !/^(?:127\.|localhost$|\[?::1\]?$)/.test(host))
    throw new OptionError(
      `--listen ${host} is not a loopback address, so --tls-cert and --tls-key are needed: the token would go in clear.`,
    );
  const configFile = demand('config');
  return {
    product,
    configFile,
    managedFile: values['managed-file'] ?? configFile,
    pidFile: demand('pid-file'),
    socketPath: product === 'haproxy' ? demand('socket') : undefined,
    program: values.program ?? product,
    stateDir: demand('state-dir'),
    host: host.replaceAll(/[[\]]/g, ''),
    port: Number(port),
    token,
    tls,
    probeUrl: values['probe-url'],
  };
}

function parse(given: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...given],
      options: {
        product: text,
        config: text,
        'managed-file': text,
        'pid-file': text,
        socket: text,
        program: text,
        'state-dir': text,
        listen: text,
        'token-file': text,
        'tls-cert': text,
        'tls-key': text,
        'probe-url': text,
      },
    });
  } catch (cause) {
    throw new OptionError(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`, { cause });
  }
}

function readText(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OptionError(`--${option}: ${path} cannot be read.`, { cause });
  }
}
