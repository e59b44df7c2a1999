// Wires health: the gateway makes the checks, the catalog and the history keep their outcome.
import { createId } from '@inthub/contracts';
import type { Catalog } from './catalog/catalog.ts';
import { type CertificateWatchDeps, createCertificateWatch } from './certificate-watch.ts';
import {
  type ConnectionTests,
  type ConnectionTestsDeps,
  createConnectionTests,
  scheduler,
} from './connection-tests.ts';
import { createHealth, type Health, type HealthOptions } from './health/health.ts';
import type { StartedParts } from './started-parts.ts';

export interface StartHealthDeps
  extends Omit<ConnectionTestsDeps, 'note' | 'catalog' | 'onReached'>,
    CertificateWatchDeps,
    Pick<HealthOptions, 'database' | 'clock' | 'log' | 'offline' | 'random'> {
  readonly catalog: Catalog;
  readonly started: StartedParts;
}

export interface StartedHealth {
  readonly health: Health;
  readonly tests: ConnectionTests;
}

export function startHealth({ gateway, catalog, metrics, ...deps }: StartHealthDeps): StartedHealth {
  const certificates = createCertificateWatch(deps);
  deps.started.add({ name: 'certificates', stop: certificates.stop });
  const tests = createConnectionTests({
    gateway,
    catalog,
    metrics,
    note: (...outcome) => health.note(...outcome),
    onReached: certificates.reached,
  });
  const health = createHealth({
    ...deps,
    check: tests.poll,
    record: (tenantId, integrationId, outcome) =>
      catalog.recordCheck({ principal: scheduler(tenantId), requestId: createId() }, integrationId, outcome),
    find: catalog.get,
  });
  return { health, tests };
}
