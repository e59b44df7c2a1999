import { api, createHubClient, type WhoAmIResponse } from '@inthub/client';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { isUnprotected } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { readSecret } from '../input.ts';
import type { Output } from '../output.ts';
import { oneLine } from '../printable.ts';
import { yesNoCell } from '../style.ts';

interface LoginFlags {
  readonly token?: string;
  readonly tokenStdin?: boolean;
}

export function addLoginCommands(program: Command, context: CliContext): void {
  program
    .command('login')
    .description('check a token and keep it for later commands; asks for it in a terminal')
    .option('--token-stdin', 'token from stdin')
    .option('--token <token>', 'token as it is; other processes and the shell’s history see it')
    .action(async (flags: LoginFlags) => login(context, flags));

  program
    .command('logout')
    .description('forget the stored token; it stays valid until it is revoked')
    .action(async () => {
      const { profile } = await context.target();
      const removed = await context.profiles.remove(profile);
      context
        .output()
        .result({ profile, removed }, () =>
          removed ? `The token of profile ${profile} is forgotten.` : `Profile ${profile} had no token.`,
        );
    });

  program
    .command('whoami')
    .description('show who the token belongs to, and what it may do')
    .action(async () => {
      const { profile, url } = await context.target();
      const { data } = await api.whoAmI({ client: await context.client(), throwOnError: true });
      const output = context.output();
      output.result(data, () => identityText(output, data, url, profile));
    });
}

async function login(context: CliContext, flags: LoginFlags): Promise<void> {
  const output = context.output();
  const { profile, url } = await context.target();
  const token = await chooseToken(context, flags, url);
  if (isUnprotected(url)) output.warning(`${url} is not encrypted: everybody on the way can read the token.`);
  const { data } = await api.whoAmI({ client: createHubClient({ url, token }), throwOnError: true });
  await context.profiles.save(profile, { url, token });
  output.result({ profile, url, ...data }, () => identityText(output, data, url, profile));
  output.note(`The token is kept in ${context.profiles.path}`);
  if (context.settings.token !== undefined) {
    output.warning('INTHUB_TOKEN is set, and goes before the stored token.');
  }
}

async function chooseToken({ terminal }: CliContext, flags: LoginFlags, url: string): Promise<string> {
  if (flags.token !== undefined && flags.tokenStdin === true) {
    throw usageError('--token and --token-stdin exclude each other.');
  }
  if (flags.token !== undefined) return flags.token.trim();
  if (flags.tokenStdin === true || terminal.interactive) {
    return (await readSecret('--token-stdin', `API key or token for ${url}`, terminal)).trim();
  }
  throw usageError(
    'No token was given.',
    'Pipe it in with --token-stdin; or set INTHUB_TOKEN, then no login is needed.',
  );
}

function identityText(output: Output, who: WhoAmIResponse, url: string, profile: string): string {
  const kinds = { api_key: 'API key', user: 'user', system: 'system' } as const;
  return output.fields([
    ['name', `${oneLine(who.name)} (${kinds[who.kind]} ${who.id})`],
    ['tenant', `${who.tenant.name} (${who.tenant.slug})`],
    ['scopes', who.scopes.length === 0 ? 'none' : who.scopes.join(', ')],
    ['approval by another', who.tenant.approvalRequired ? yesNoCell(true) : undefined],
    ['hub', `${url} (profile ${profile})`],
  ]);
}
