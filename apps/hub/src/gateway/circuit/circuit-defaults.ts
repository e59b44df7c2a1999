import type { CircuitSettings } from '@inthub/connector-sdk';
import type { ConnectorCategory } from '@inthub/contracts';

const settings = (
  failureThreshold: number,
  successThreshold: number,
  timeoutMs: number,
  halfOpenMaxRequests: number,
): CircuitSettings => ({ failureThreshold, successThreshold, timeoutMs, halfOpenMaxRequests });

/** Breaker settings by category (GW-3); a connector's manifest may override them. */
export const circuitDefaults: Readonly<Record<ConnectorCategory, CircuitSettings>> = {
  source_control: settings(5, 3, 30_000, 3),
  ci_cd: settings(5, 3, 30_000, 3),
  registry: settings(5, 3, 30_000, 3),
  // Everything else waits for secrets: trip late, probe soon.
  vault: settings(5, 2, 10_000, 2),
  // A router serves traffic while its admin API is gone; hammering it helps nobody.
  router: settings(3, 2, 15_000, 1),
  project_management: settings(5, 3, 30_000, 3),
  communication: settings(10, 3, 60_000, 5),
  model_provider: settings(3, 2, 15_000, 1),
  cloud_provider: settings(5, 3, 30_000, 3),
  // Reconnects are quick, and a database that is down is down for everybody.
  database: settings(3, 2, 10_000, 1),
  monitoring: settings(10, 3, 60_000, 5),
  security: settings(5, 3, 30_000, 3),
  host: settings(3, 2, 15_000, 1),
  // Pulled on a schedule of hours; a long pause costs nothing.
  feed: settings(3, 1, 300_000, 1),
  artifact: settings(5, 3, 30_000, 3),
  custom: settings(5, 3, 30_000, 3),
};
