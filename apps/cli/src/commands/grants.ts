import { api, type GetPermissionsResponse, type PutPermissionsData } from '@inthub/client';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { type Output, timeText, valueText } from '../output.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { yesNoCell } from '../style.ts';
import { didYouMean } from '../suggestion.ts';
import { requireMoment } from '../times.ts';

interface SetFlags {
  readonly allow?: readonly string[];
  readonly allowAll?: boolean;
  readonly deny?: readonly string[];
  readonly expires?: string;
  readonly allowDomain?: readonly string[];
  readonly blockDomain?: readonly string[];
  readonly project?: readonly string[];
  readonly allProjects?: boolean;
  readonly dataType?: readonly DataType[];
  readonly pii?: boolean;
}

type Grant = PutPermissionsData['body'];
type DataScope = NonNullable<Grant['dataScope']>;
type DataType = DataScope['dataTypes'][number];

const everyDataType: readonly DataType[] = ['code', 'issues', 'messages', 'configs', 'secrets'];

export function addGrantCommands(program: Command, context: CliContext): void {
  const group = program.command('grants').description('what an integration may do');

  group
    .command('show')
    .description('show capabilities and scopes of an integration')
    .argument(...integrationArgument)
    .action(async (reference: string) => {
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const { data } = await api.getPermissions({ client, throwOnError: true, path: { instanceId: id } });
      const output = context.output();
      output.result(data, () => grantText(output, data));
    });

  group
    .command('set')
    .description('change the grant; what no flag names stays as it is')
    .argument(...integrationArgument)
    .option('--allow <capability...>', 'exactly these capabilities')
    .option('--allow-all', 'all capabilities that the type declares now')
    .option('--deny <capability...>', 'never these, whatever is allowed')
    .option('--expires <when>', 'moment, or time from now (30d), or never')
    .option('--allow-domain <domain...>', 'only these domains')
    .option('--block-domain <domain...>', 'never these domains')
    .addOption(
      new Option('--project <name...>', 'only these projects: names, or patterns such as team/* and team/**').conflicts(
        'allProjects',
      ),
    )
    .option('--all-projects', 'every project')
    .addOption(new Option('--data-type <type...>', 'only these kinds of data').choices(everyDataType))
    .option('--pii', 'personal data too')
    .option('--no-pii', 'no personal data')
    .action(async (reference: string, flags: SetFlags) => {
      if (Object.keys(flags).length === 0) {
        throw usageError('There is nothing to change.', 'inthub grants set --help shows what can be.');
      }
      const client = await context.client();
      const { id } = await resolveIntegration(client, reference);
      const path = { instanceId: id };
      const { data: present } = await api.getPermissions({ client, throwOnError: true, path });
      const body = changedGrant(present, flags, (when) =>
        requireMoment('--expires', when, context.terminal.clock, 'ahead'),
      );
      const { data } = await api.putPermissions({ client, throwOnError: true, path, body });
      const output = context.output();
      output.result(data, () => grantText(output, data));
    });
}

/**
 * The whole grant, because the hub replaces it: leaving a scope out would open it again.
 * @throws CliError for a capability that the type does not declare.
 */
function changedGrant(present: GetPermissionsResponse, flags: SetFlags, moment: (when: string) => string): Grant {
  const before = (present.grant ?? {}) as Partial<Grant>;
  const { allow, allowAll, deny, expires, allowDomain, blockDomain } = flags;
  if (allow !== undefined && allowAll === true) throw usageError('--allow and --allow-all exclude each other.');
  for (const capability of [...(allow ?? []), ...(deny ?? [])])
    requireDeclared(capability, present.declaredCapabilities);
  const network = before.networkScope ?? { allowedDomains: [], blockedDomains: [] };
  const changesNetwork = allowDomain !== undefined || blockDomain !== undefined;
  return {
    grantedCapabilities: unique(
      allow ??
        (allowAll === true
          ? present.declaredCapabilities
          : (before.grantedCapabilities ?? present.declaredCapabilities)),
    ),
    ...keep('deniedCapabilities', deny === undefined ? before.deniedCapabilities : unique(deny)),
    ...keep('dataScope', changedScope(before.dataScope, flags)),
    ...keep('reviewedAt', before.reviewedAt),
    ...keep(
      'networkScope',
      changesNetwork
        ? {
            allowedDomains: unique(allowDomain ?? network.allowedDomains),
            blockedDomains: unique(blockDomain ?? network.blockedDomains),
          }
        : before.networkScope,
    ),
    ...keep('expiresAt', expires === undefined ? before.expiresAt : expires === 'never' ? null : moment(expires)),
  };
}

/** Undefined while nobody has restricted anything. */
function changedScope(before: DataScope | undefined, flags: SetFlags): DataScope | undefined {
  const { project, allProjects, dataType, pii } = flags;
  if (project === undefined && allProjects === undefined && dataType === undefined && pii === undefined) return before;
  const { projects, dataTypes, piiAccess } = before ?? { projects: 'all', dataTypes: everyDataType, piiAccess: true };
  return {
    projects: allProjects === true ? 'all' : project === undefined ? projects : unique(project),
    dataTypes: [...new Set(dataType ?? dataTypes)],
    piiAccess: pii ?? piiAccess,
  };
}

function keep<Name extends keyof Grant>(name: Name, value: Grant[Name] | undefined): Partial<Grant> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Grant>);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function requireDeclared(capability: string, declared: readonly string[]): void {
  if (declared.includes(capability)) return;
  throw usageError(
    `There is no capability "${capability}".${didYouMean(capability, declared)}`,
    `Known: ${declared.join(', ')}`,
  );
}

function grantText(output: Output, permissions: GetPermissionsResponse): string {
  const { grant, declaredCapabilities, effectiveCapabilities } = permissions;
  const known = (grant ?? {}) as Partial<Grant>;
  const effective = new Set(effectiveCapabilities);
  const general = output.fields([
    ['grant', grant === null ? 'none: everything that the type declares is allowed' : 'narrowed by an admin'],
    ['expires', grant === null ? undefined : (timeText(known.expiresAt) ?? 'never')],
    ['denied', known.deniedCapabilities?.length ? known.deniedCapabilities.join(', ') : undefined],
    ['data', known.dataScope === undefined ? undefined : valueText(known.dataScope)],
    ['network', known.networkScope === undefined ? undefined : valueText(known.networkScope)],
  ]);
  const table = output.table(
    ['capability', 'allowed'],
    declaredCapabilities.map((capability) => [capability, yesNoCell(effective.has(capability))]),
  );
  return `${general}\n\n${table}`;
}
