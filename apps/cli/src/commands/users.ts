import { api, type ChangeUserData, type CreateUserData, type CreateUserResponse } from '@inthub/client';
import { type Role, roles } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { yesNoCell } from '../style.ts';

interface CreateFlags {
  readonly name: string;
  readonly role: readonly Role[];
  readonly email?: string;
  readonly subject?: string;
}

interface UpdateFlags {
  readonly name?: string;
  readonly role?: readonly Role[];
  readonly deactivate?: boolean;
  readonly activate?: boolean;
}

const roleOption = (description: string) => new Option('--role <role...>', description).choices(Object.keys(roles));

export function addUserCommands(program: Command, context: CliContext): void {
  const group = program.command('users').description('people of the tenant');

  addPagingOptions(group.command('list').description('list users')).action(async (flags: PagingFlags) => {
    const client = await context.client();
    const page = await readPages(flags, async (query) => {
      const { data } = await api.listUsers({ client, throwOnError: true, query });
      return data;
    });
    const output = context.output();
    output.result(page, () => userTable(output, page.items));
    noteMore(output, page);
  });

  group
    .command('create')
    .description('add a user')
    .requiredOption('--name <name>', 'the person’s name')
    .addOption(roleOption('what the person may do').makeOptionMandatory())
    .option('--email <address>', 'e-mail address')
    .option('--subject <sub>', 'sub of the person’s OIDC tokens')
    .action(async ({ name, role, email, subject }: CreateFlags) => {
      const body: CreateUserData['body'] = { name, roles: [...new Set(role)], ...given({ email, subject }) };
      const { data } = await api.createUser({ client: await context.client(), throwOnError: true, body });
      const output = context.output();
      output.result(data, () => userTable(output, [data]));
    });

  group
    .command('update')
    .description('change a user’s name, roles or state')
    .argument('<id>', 'user id, as listed')
    .option('--name <name>', 'new name')
    .addOption(roleOption('exactly these roles'))
    .addOption(new Option('--deactivate', 'let the person in no more').conflicts('activate'))
    .option('--activate', 'let the person in again')
    .action(async (id: string, { name, role, activate, deactivate }: UpdateFlags) => {
      const body: ChangeUserData['body'] = given({ name });
      if (role !== undefined) body.roles = [...new Set(role)];
      if (activate === true || deactivate === true) body.active = activate === true;
      if (Object.keys(body).length === 0) throw usageError('There is nothing to change.');
      const { data } = await api.changeUser({ client: await context.client(), throwOnError: true, path: { id }, body });
      const output = context.output();
      output.result(data, () => userTable(output, [data]));
    });
}

function userTable(output: Output, users: readonly CreateUserResponse[]): string {
  return output.table(
    ['name', 'email', 'roles', 'active', 'id', 'created'],
    users.map((user) => [
      user.name,
      user.email,
      user.roles.join(', '),
      yesNoCell(user.active),
      user.id,
      timeText(user.createdAt),
    ]),
  );
}
