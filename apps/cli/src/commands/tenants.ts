import { api, type ChangeTenantData, type CreateTenantResponse } from '@inthub/client';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { given } from '../given.ts';
import { type Output, timeText } from '../output.ts';
import { addPagingOptions, noteMore, type PagingFlags, readPages } from '../paging.ts';
import { yesNoCell } from '../style.ts';

interface UpdateFlags {
  readonly name?: string;
  readonly requireApproval?: boolean;
  readonly waiveApproval?: boolean;
  readonly offline?: boolean;
  readonly online?: boolean;
  readonly egressAllow?: readonly string[];
  readonly egressAllowNone?: boolean;
}

const approval = 'somebody other than the creator must activate integrations';

export function addTenantCommands(program: Command, context: CliContext): void {
  const group = program.command('tenants').description('tenants of the hub (platform admins only)');

  addPagingOptions(group.command('list').description('list tenants')).action(async (flags: PagingFlags) => {
    const client = await context.client();
    const page = await readPages(flags, async (query) => {
      const { data } = await api.listTenants({ client, throwOnError: true, query });
      return data;
    });
    const output = context.output();
    output.result(page, () => tenantTable(output, page.items));
    noteMore(output, page);
  });

  group
    .command('create')
    .description('create a tenant')
    .requiredOption('--slug <slug>', 'short name in lower case, for example acme')
    .requiredOption('--name <name>', 'name of the organisation')
    .option('--require-approval', approval)
    .action(async (flags: { slug: string; name: string; requireApproval?: boolean }) => {
      const { slug, name, requireApproval: approvalRequired } = flags;
      const body = { slug, name, ...given({ approvalRequired }) };
      const { data } = await api.createTenant({ client: await context.client(), throwOnError: true, body });
      const output = context.output();
      output.result(data, () => tenantTable(output, [data]));
    });

  group
    .command('update')
    .description('rename a tenant, or change its policy or what may be sent for it')
    .argument('<id>', 'tenant id, as listed')
    .option('--name <name>', 'new name')
    .addOption(new Option('--require-approval', approval).conflicts('waiveApproval'))
    .option('--waive-approval', 'creators may activate their own integrations')
    .addOption(new Option('--offline', 'send nothing to outside hosts for this tenant').conflicts('online'))
    .option('--online', 'send again')
    .addOption(
      new Option(
        '--egress-allow <entry...>',
        'exactly these private networks and hosts beside HUB_EGRESS_ALLOW: CIDR, address, host, host:port or *.suffix',
      ).conflicts('egressAllowNone'),
    )
    .option('--egress-allow-none', 'no exceptions of its own')
    .action(async (id: string, flags: UpdateFlags) => {
      const { name, requireApproval, waiveApproval, offline, online, egressAllow, egressAllowNone } = flags;
      const body: ChangeTenantData['body'] = given({
        name,
        egressAllow: egressAllowNone === true ? [] : egressAllow === undefined ? undefined : [...egressAllow],
      });
      if (offline === true || online === true) body.offline = offline === true;
      if (requireApproval === true || waiveApproval === true) body.approvalRequired = requireApproval === true;
      if (Object.keys(body).length === 0) throw usageError('There is nothing to change.');
      const { data } = await api.changeTenant({
        client: await context.client(),
        throwOnError: true,
        path: { id },
        body,
      });
      const output = context.output();
      output.result(data, () => tenantTable(output, [data]));
    });
}

function tenantTable(output: Output, tenants: readonly CreateTenantResponse[]): string {
  return output.table(
    ['slug', 'name', 'approval by another', 'offline', 'may also reach', 'id', 'created'],
    tenants.map((tenant) => [
      tenant.slug,
      tenant.name,
      yesNoCell(tenant.approvalRequired),
      yesNoCell(tenant.offline),
      tenant.egressAllow.join(' '),
      tenant.id,
      timeText(tenant.createdAt),
    ]),
  );
}
