import type { Credentials } from '@inthub/client';
import { credentialKinds } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { usageError } from './cli-error.ts';
import { readSecret, readSecretJsonObject, readTextFile, secretInArguments } from './input.ts';
import type { Terminal } from './terminal.ts';

export interface CredentialFlags {
  readonly credentials?: string;
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly tokenStdin?: boolean;
  readonly apiKeyStdin?: boolean;
  readonly serviceAccountFile?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** Flags that somebody might try; they exist to explain why there is no such flag. */
const refused = {
  password: '--username <name> with --password-stdin',
  token: '--token-stdin',
  apiKey: '--api-key-stdin',
  secret: '--credentials @file or --credentials -',
} as const;

/** The ways to hand over a credential; none of them shows it to other processes. */
export function addCredentialOptions(command: Command): Command {
  command
    .option('--credentials <@file|->', 'credential as JSON, from a file or stdin: {"kind": "basic_auth", …}')
    .option('--username <name>', 'user for --password-stdin; asked for the password in a terminal')
    .option('--password-stdin', 'password for --username from stdin')
    .option('--token-stdin', 'bearer token from stdin')
    .option('--api-key-stdin', 'API key from stdin')
    .option('--service-account-file <path>', 'key file of a service account, as the provider issued it')
    .option('--client-cert <path>', 'PEM of a client certificate, with --client-key')
    .option('--client-key <path>', 'PEM of its private key');
  for (const name of Object.keys(refused)) command.addOption(new Option(`${flagOf(name)} [secret]`).hideHelp());
  return command;
}

/** The credential that the flags describe; undefined when they describe none. @throws CliError when they are at odds. */
export async function readCredentials(flags: CredentialFlags, terminal: Terminal): Promise<Credentials | undefined> {
  for (const [name, instead] of Object.entries(refused)) {
    if ((flags as Record<string, unknown>)[name] !== undefined) throw secretInArguments(flagOf(name), instead);
  }
  const ways = [
    flags.credentials === undefined ? undefined : '--credentials',
    flags.username === undefined && flags.passwordStdin === undefined ? undefined : '--username',
    flags.tokenStdin === undefined ? undefined : '--token-stdin',
    flags.apiKeyStdin === undefined ? undefined : '--api-key-stdin',
    flags.serviceAccountFile === undefined ? undefined : '--service-account-file',
    flags.clientCert === undefined && flags.clientKey === undefined ? undefined : '--client-cert',
  ].filter((way) => way !== undefined);
  if (ways.length > 1) throw usageError(`An integration has one credential; ${ways.join(' and ')} are two.`);

  if (flags.credentials !== undefined) return fromJson(flags.credentials, terminal);
  if (flags.username !== undefined || flags.passwordStdin !== undefined) return basicAuth(flags, terminal);
  if (flags.tokenStdin) {
    return { kind: 'bearer_token', token: await readSecret('--token-stdin', 'Token', terminal) };
  }
  if (flags.apiKeyStdin) return { kind: 'api_key', key: await readSecret('--api-key-stdin', 'API key', terminal) };
  if (flags.serviceAccountFile !== undefined) {
    const credentialJson = await readTextFile('--service-account-file', flags.serviceAccountFile);
    return { kind: 'service_account', credentialJson };
  }
  if (flags.clientCert !== undefined || flags.clientKey !== undefined) return clientCertificate(flags);
  return undefined;
}

async function fromJson(argument: string, terminal: Terminal): Promise<Credentials> {
  const value = await readSecretJsonObject('--credentials', argument, terminal);
  const kinds: readonly unknown[] = credentialKinds;
  if (!kinds.includes(value['kind'])) {
    throw usageError('--credentials: "kind" is missing or unknown.', `Use one of ${credentialKinds.join(', ')}.`);
  }
  // The other fields are the hub's to check; it names the faulty one without its value.
  return value as Credentials;
}

async function basicAuth({ username, passwordStdin }: CredentialFlags, terminal: Terminal): Promise<Credentials> {
  if (username === undefined) throw usageError('--password-stdin needs --username <name>.');
  if (passwordStdin !== true && !terminal.interactive) throw usageError('--username needs --password-stdin.');
  const password = await readSecret('--password-stdin', `Password of ${username}`, terminal);
  return { kind: 'basic_auth', username, password };
}

async function clientCertificate({ clientCert, clientKey }: CredentialFlags): Promise<Credentials> {
  if (clientCert === undefined || clientKey === undefined) {
    throw usageError('--client-cert and --client-key go together.');
  }
  const [certificate, privateKey] = await Promise.all([
    readTextFile('--client-cert', clientCert),
    readTextFile('--client-key', clientKey),
  ]);
  return { kind: 'mtls_cert', certificate, privateKey };
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
