// Loads operator-installed connectors from a folder. Their code runs in the hub's process: the folder is as trusted as the hub itself.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConnectorDefinition } from '@inthub/connector-sdk';
import { type Clock, HubError } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';
import { type ConnectorRegistry, createConnectorRegistry } from './connector-registry.ts';
import { untilAborted } from './until-aborted.ts';
import { validateConnector } from './validate-connector.ts';

export interface LoadConnectorsOptions {
  readonly builtIns: readonly ConnectorDefinition[];
  /** `PLUGINS_DIR`; undefined loads the built-ins only. */
  readonly pluginsDir?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that one plugin's top-level code may take; default 10 s. */
  readonly timeoutMs?: number;
}

const maxPlugins = 500;
const maxPackageJson = 1_000_000;

/**
 * Built-ins first, then every folder and `.js`/`.mjs` file in `pluginsDir`, by name. A plugin that cannot be loaded is reported in
 * `broken()` and in the log and skipped; neither it nor an unreadable folder is fatal.
 */
export async function loadConnectors(options: LoadConnectorsOptions): Promise<ConnectorRegistry> {
  const { builtIns, pluginsDir, log } = options;
  const registry = createConnectorRegistry(builtIns);
  const skip = (path: string, error: unknown) => {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
    registry.addBroken({ path, reason });
    log.warn({ path, reason }, 'plugin skipped');
  };
  if (pluginsDir === undefined) return registry;
  const folder = resolve(pluginsDir);
  let names: string[];
  try {
    names = await pluginNames(folder);
  } catch (error) {
    skip(folder, error);
    return registry;
  }
  for (const name of names.slice(maxPlugins)) skip(join(folder, name), `more than ${maxPlugins} plugins`);
  for (const name of names.slice(0, maxPlugins)) {
    const path = join(folder, name);
    try {
      const definition = validateConnector(await importConnector(await entryOf(path), options));
      const collision = registry.collision(definition);
      if (collision !== undefined) throw new HubError('conflict', collision);
      registry.add({ definition, origin: 'plugin' });
      log.info({ path, connector: definition.manifest.id, version: definition.manifest.version }, 'plugin loaded');
    } catch (error) {
      skip(path, error);
    }
  }
  return registry;
}

async function pluginNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    const isFolder = (await stat(join(folder, name)).catch(() => undefined))?.isDirectory() ?? false;
    if (isFolder || /[.]m?js$/.test(name)) names.push(name);
  }
  return names.sort();
}

/** The file to import: the path itself, or what a folder's package.json names, else its index.js. */
async function entryOf(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const declared = (await declaredEntry(join(path, 'package.json'))) ?? './index.js';
  const [root, entry] = await Promise.all([realpath(path), realpath(resolve(path, declared)).catch(() => undefined)]);
  if (entry === undefined) throw new HubError('not_found', `its entry ${declared} does not exist`);
  if (!entry.startsWith(root + sep))
    throw new HubError('invalid_request', `its entry ${declared} lies outside the plugin's folder`);
  return entry;
}

async function declaredEntry(packageJson: string): Promise<string | undefined> {
  const info = await stat(packageJson).catch(() => undefined);
  if (info === undefined) return undefined;
  if (info.size > maxPackageJson) throw new HubError('invalid_request', 'its package.json is larger than 1 MB');
  const { exports, main } = JSON.parse(await readFile(packageJson, 'utf8')) as { exports?: unknown; main?: unknown };
  const entry = exportTarget(exports) ?? main;
  return typeof entry === 'string' ? entry : undefined;
}

/** The target of `.` under the conditions that an ESM import in Node has. */
function exportTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const map = exports as Record<string, unknown>;
  return exportTarget(map['.'] ?? map['node'] ?? map['import'] ?? map['default']);
}

async function importConnector(entry: string, { clock, timeoutMs = 10_000 }: LoadConnectorsOptions): Promise<unknown> {
  const late = new AbortController();
  const loaded = new AbortController();
  clock.sleep(timeoutMs, loaded.signal).then(
    () => late.abort(new HubError('unavailable', `its code did not finish loading within ${timeoutMs} ms`)),
    () => undefined,
  );
  try {
    const module = await untilAborted<Record<string, unknown>>(import(pathToFileURL(entry).href), late.signal);
    const connector = module['connector'] ?? module['default'];
    if (connector === undefined) throw new HubError('invalid_request', 'it exports neither `connector` nor a default');
    return connector;
  } finally {
    loaded.abort();
  }
}
