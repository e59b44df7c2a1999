import { api, type ChangeIntegrationData, type CreateIntegrationData } from '@inthub/client';
import { type AuthMode, authModes, IntegrationFeatures, RateLimits } from '@inthub/contracts';
import { type Command, Option } from 'commander';
import { assign, type JsonObject } from '../assignments.ts';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { addCredentialOptions, type CredentialFlags, readCredentials } from '../credentials.ts';
import { given } from '../given.ts';
import { readJsonObject } from '../input.ts';
import { changedConfig, configChange, newConfig } from '../integration-config.ts';
import { wholeNumber } from '../paging.ts';
import { integrationText } from '../present-integration.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';

interface SettingFlags extends CredentialFlags {
  readonly name?: string;
  readonly description?: string;
  readonly endpoint?: string;
  readonly authMode?: AuthMode;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly authRef?: string;
  readonly environment?: string;
  readonly tag?: readonly string[];
  readonly owner?: string;
  readonly feature?: readonly string[];
  readonly rateLimit?: readonly string[];
}

interface CreateFlags extends SettingFlags {
  readonly type: string;
  readonly name: string;
  readonly submit?: boolean;
}

const clearable = ['description', 'environment', 'owner', 'tags'] as const;

interface UpdateFlags extends SettingFlags {
  readonly unset?: readonly string[];
  readonly clear?: readonly (typeof clearable)[number][];
  readonly ifVersion?: number;
}

export function addIntegrationSettingsCommands(group: Command, context: CliContext): void {
  const create = group
    .command('create')
    .description('install an integration')
    .requiredOption('--type <type>', 'integration type; inthub types list shows them')
    .requiredOption('--name <name>', 'unique name');
  addSettingOptions(create)
    .option('--submit', 'also submit it for verification')
    .action(async (flags: CreateFlags) => createIntegration(context, flags));

  const update = group
    .command('update')
    .description('change some settings of an integration')
    .argument(...integrationArgument)
    .option('--name <name>', 'new name');
  addSettingOptions(update)
    .option('--unset <field...>', 'remove a field of the config: outer.inner')
    .addOption(new Option('--clear <field...>', 'empty a field').choices(clearable))
    .option('--if-version <number>', 'only if it still has this version', wholeNumber(1, 999_999_999))
    .action(async (reference: string, flags: UpdateFlags) => updateIntegration(context, reference, flags));
}

function addSettingOptions(command: Command): Command {
  command
    .option('--description <text>', 'what it is for')
    .option('--endpoint <url>', 'base URL of the product')
    .addOption(new Option('--auth-mode <mode>', 'how it signs in').choices(authModes))
    .option('--config <json|@file|->', 'config as a JSON object')
    .option('--set <field=value...>', 'one field of the config, typed by its schema: timeout=5000, network.proxyUrl=…')
    .option('--auth-ref <ref>', 'reference to the credential: ref://<scope>/<provider>/<key>');
  return addCredentialOptions(command)
    .option('--environment <name>', 'environment that it belongs to')
    .option('--tag <tag...>', 'tags')
    .option('--owner <id>', 'who answers for it')
    .option('--feature <name=bool...>', 'syncEnabled, webhooksEnabled, streamingEnabled')
    .option(
      '--rate-limit <name=count...>',
      'requestsPerMinute, requestsPerHour, concurrentRequests, webhooksPerMinute',
    );
}

async function createIntegration(context: CliContext, flags: CreateFlags): Promise<void> {
  const { config: json, credentials, settings } = await readSettings(context, flags);
  const client = await context.client();
  const { data: type } = await api.getIntegrationType({ client, throwOnError: true, path: { type: flags.type } });
  const credential = { kind: credentials?.kind, hasAuthRef: flags.authRef !== undefined };
  const config = newConfig(type, json ?? {}, flags, credential);
  const { type: typeId, name, submit } = flags;
  const body: CreateIntegrationData['body'] = {
    ...settings,
    ...given({ type: typeId, name, submit, credentials, config }),
  };
  const { data: integration } = await api.createIntegration({ client, throwOnError: true, body });
  const output = context.output();
  output.result(integration, () => integrationText(output, integration));
  const next = integration.status === 'draft' ? 'submit' : 'test';
  output.note(`Next: inthub integrations ${next} ${integration.id}`);
}

async function updateIntegration(context: CliContext, reference: string, flags: UpdateFlags): Promise<void> {
  const { config: json, credentials, settings } = await readSettings(context, flags);
  const client = await context.client();
  const present = await resolveIntegration(client, reference);
  const config = await changeOfConfig();
  const cleared = Object.fromEntries(
    (flags.clear ?? []).map((field) => [field === 'owner' ? 'ownerId' : field, field === 'tags' ? [] : null]),
  );
  const overlap = Object.keys(cleared).find((field) => Object.hasOwn(settings, field));
  if (overlap !== undefined) throw usageError(`--clear and a new value for ${overlap} exclude each other.`);
  const body: ChangeIntegrationData['body'] = {
    ...settings,
    ...cleared,
    ...given({ name: flags.name, credentials, config }),
  };
  if (Object.keys(body).length === 0) {
    throw usageError('There is nothing to change.', 'inthub integrations update --help shows what can be.');
  }
  const version = flags.ifVersion ?? present.version;
  const { data: integration } = await api.changeIntegration({
    client,
    throwOnError: true,
    path: { id: present.id },
    headers: { 'if-match': `"${version}"` },
    body,
  });
  const output = context.output();
  output.result(integration, () => integrationText(output, integration));

  async function changeOfConfig(): Promise<JsonObject | undefined> {
    const { endpoint, authMode, set, unset = [] } = flags;
    if ([json, endpoint, authMode, set].every((one) => one === undefined) && unset.length === 0) return undefined;
    const path = { type: present.type };
    // Needed only to tell texts from numbers.
    const type =
      set === undefined ? undefined : (await api.getIntegrationType({ client, throwOnError: true, path })).data;
    const change = configChange(present.config, changedConfig(type, { ...present.config, ...json }, flags), unset);
    return Object.keys(change).length === 0 ? undefined : change;
  }
}

/** Everything that flags, files and stdin say, before the hub is asked anything. */
async function readSettings(context: CliContext, flags: SettingFlags) {
  const { terminal } = context;
  if (
    flags.config === '-' &&
    [flags.credentials === '-', flags.passwordStdin, flags.tokenStdin, flags.apiKeyStdin].some(Boolean)
  ) {
    throw usageError('--config - and a credential from stdin exclude each other.', 'Put one of them into a file.');
  }
  const config = flags.config === undefined ? undefined : await readJsonObject('--config', flags.config, terminal);
  const credentials = await readCredentials(flags, terminal);
  if (credentials !== undefined && flags.authRef !== undefined) {
    throw usageError('--auth-ref and a credential exclude each other.');
  }
  const { description, authRef, environment, owner: ownerId, tag } = flags;
  const features = flags.feature && assign('--feature', {}, flags.feature, { ...IntegrationFeatures });
  const rateLimits = flags.rateLimit && assign('--rate-limit', {}, flags.rateLimit, { ...RateLimits });
  const tags = tag === undefined ? undefined : [...tag];
  return {
    config,
    credentials,
    settings: given({ description, authRef, environment, ownerId, tags, features, rateLimits }),
  };
}
