import type { Clock } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import { createInProcessHost } from './hosts/in-process.ts';
import type { Runtime } from './invocation.ts';

// biome-ignore-start lint/performance/noBarrelFile: a room is entered by its service file only, so what others need is named here.
export { declaredCapabilities, discoverCapability, webhookCapabilities } from './capabilities.ts';
export type { BrokenPlugin, ConnectorRegistry, LoadedConnector } from './connector-registry.ts';
export { createGrants, type GrantChange, type Grants } from './grants.ts';
export type { Grant, InstalledIntegration } from './installed-integration.ts';
export type { DiscoveryQuery, Invocation, Runtime, WebhookChange } from './invocation.ts';
export { type LoadConnectorsOptions, loadConnectors } from './plugin-loader.ts';
export { createSchemaCheck, hasDefaults, type SchemaCheck } from './schema-check.ts';
export { untilAborted } from './until-aborted.ts';
// biome-ignore-end lint/performance/noBarrelFile: see above.

export interface RuntimeDeps {
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes secrets out of what connectors log. */
  redact(fields: Readonly<Record<string, unknown>>): unknown;
}

/** The runtime with its hosts. Today every connector runs in-process; the sandbox and the remote host join here, chosen by origin. */
export function createRuntime({ registry, ...deps }: RuntimeDeps): Runtime {
  return { registry, ...createInProcessHost(deps) };
}
