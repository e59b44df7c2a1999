/** `npm run try -- <connector> [<action> [<json>]]`: runs an action against the connector's test counterpart. */
import './require-node.mjs';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { actionsOfType, type ConnectorDefinition } from '@inthub/connector-sdk';
import { type Counterpart, createMockGateway, type StartCounterpart } from '@inthub/connector-sdk/testing';
import { connectors } from '@inthub/connectors';
import { HubError } from '@inthub/contracts';
import { repositoryRoot } from './run-step.ts';

const folder = join(repositoryRoot, 'connectors/src');
const usage = `npm run try -- <connector> <action> [<json>] [--type <type>] [--stream]
  <action> is an action's id, "test" for the connection test, or the id of a check; without one, the actions are listed.
  <json> is its input; left out, the counterpart's own example is used.`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { type: { type: 'string' }, stream: { type: 'boolean', default: false } },
  });
  const [id, action, json, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError(`${usage}\nconnectors: ${tryable().join(', ')}`);
  const connector = connectors.find(({ manifest }) => manifest.id === id);
  if (connector === undefined || !tryable().includes(id))
    throw new UsageError(`${id} has no counterpart.ts. Connectors that have one: ${tryable().join(', ')}`);
  const input = json === undefined ? undefined : parse(json);

  const counterpart = await startOf(id)();
  try {
    if (action === undefined) {
      list(connector, counterpart, values.type);
      return 0;
    }
    return await run(connector, counterpart, { action, input, type: values.type, stream: values.stream });
  } finally {
    await counterpart.stop();
  }
}

function tryable(): string[] {
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'counterpart.ts')));
}

function startOf(id: string): StartCounterpart {
  return async () => {
    const path = pathToFileURL(join(folder, id, 'counterpart.ts')).href;
    const { startCounterpart } = (await import(path)) as { startCounterpart: StartCounterpart };
    return startCounterpart();
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UsageError(`The input is not JSON: ${(error as Error).message}`);
  }
}

function list(connector: ConnectorDefinition, counterpart: Counterpart, type: string | undefined): void {
  const typeId = type ?? counterpart.type ?? connector.manifest.types[0]?.id ?? '';
  console.log(`${typeId} against ${counterpart.name} (${counterpart.proof})\n`);
  for (const { id, title } of actionsOfType(connector, typeId)) {
    const example = counterpart.inputs[id];
    console.log(`  ${id.padEnd(24)} ${title}${example === undefined ? '' : `  ${JSON.stringify(example)}`}`);
  }
  for (const { id, title } of connector.checks) console.log(`  ${id.padEnd(24)} check: ${title}`);
}

interface Trial {
  readonly action: string;
  readonly input: unknown;
  readonly type: string | undefined;
  readonly stream: boolean;
}

/** @returns the exit code: 0 when it succeeded. */
async function run(connector: ConnectorDefinition, counterpart: Counterpart, trial: Trial): Promise<number> {
  const { action } = trial;
  const { config, credential, respond } = counterpart;
  const type = trial.type ?? counterpart.type;
  const gateway = createMockGateway({
    connector,
    respond,
    ...(type === undefined ? {} : { type }),
    ...(config === undefined ? {} : { config }),
    ...(credential === undefined ? {} : { credential }),
  });
  const input = trial.input ?? counterpart.inputs[action] ?? {};
  try {
    if (action === 'test') return show(gateway.requests, await gateway.testConnection());
    if (connector.checks.some(({ id }) => id === action)) return show(gateway.requests, await gateway.check(action));
    if (trial.stream) return show(gateway.requests, await gateway.stream(action, input));
    return show(gateway.requests, await gateway.run(action, input));
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const { code, message, details, errors } = error;
    show(gateway.requests, { code, message, details, errors });
    return 1;
  }
}

function show(requests: readonly { readonly method: string; readonly url: URL }[], result: unknown): number {
  for (const { method, url } of requests) console.error(`> ${method} ${url.href}`);
  console.log(JSON.stringify(result, null, 2));
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!expected) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
