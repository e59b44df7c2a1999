import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '@inthub/connectors';
import { HubError, systemClock } from '@inthub/contracts';
import { createAccess, findApprovalRequired, findTenantSlug } from './access/access.ts';
import { createAnnotations } from './annotations/annotations.ts';
import { createAuditLog } from './audit/audit.ts';
import { createCatalog } from './catalog/catalog.ts';
import { catalogTypes } from './catalog-types.ts';
import { startChangeNotifier } from './change-notifier.ts';
import type { HubConfig } from './config.ts';
import { createDoctor } from './doctor/doctor.ts';
import { createGateway } from './gateway/gateway.ts';
import { createGatewayStores } from './gateway-stores.ts';
import { createCheckSchedule } from './health/health.ts';
import { createHttpServer, createLagMeter, httpStop } from './http/http.ts';
import { createIntegrationDirectory } from './integration-directory.ts';
import { warnOfMissingKeys } from './missing-keys.ts';
import { createOutsideVaultReader } from './outside-vaults.ts';
import { recordUsage } from './record-usage.ts';
import { refuseAddress, refuseSetting } from './refuse-setting.ts';
import type { Hub, StartOptions } from './running-hub.ts';
import { createGrants, createRuntime, loadConnectors } from './runtime/runtime.ts';
import { startBudgets } from './start-budgets.ts';
import { startDatabase } from './start-database.ts';
import { startEgress } from './start-egress.ts';
import { startEvents } from './start-events.ts';
import { startHealth } from './start-health.ts';
import { startInboundWebhooks } from './start-inbound-webhooks.ts';
import { startModels } from './start-models.ts';
import { startOutgoingWebhooks } from './start-outgoing-webhooks.ts';
import { createUpkeep } from './start-upkeep.ts';
import { startWorker } from './start-worker.ts';
import { createStartedParts } from './started-parts.ts';
import { createLogger, createRedactor, createTelemetry, createTraceBook, createTracer } from './telemetry/telemetry.ts';
import { auditChainKeys, createKeyRing, createVault, loadMasterKeys } from './vault/vault.ts';
import { createAllDeadLetters } from './webhooks/webhooks.ts';

export type { Hub, StartOptions } from './running-hub.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/**
 * The composition root: builds every room with its neighbours as arguments, in the order of the floors, and starts the roles.
 * What was started is stopped again when a later part fails.
 */
export async function startHub(config: HubConfig, options: StartOptions = {}): Promise<Hub> {
  const clock = options.clock ?? systemClock;
  const redactor = createRedactor();
  const destination = options.logDestination === undefined ? {} : { destination: options.logDestination };
  const log = createLogger({ level: config.logLevel, redactor, ...destination });
  /** Only the tenant's own secrets: nobody can black out another's audit by storing a common word as a secret. */
  const redactFor = (value: unknown, tenantId: string) => redactor.redact(value, tenantId);
  if (config.bootstrapApiKey !== null) redactor.learn(config.bootstrapApiKey);

  const started = createStartedParts(log, clock, options.stopBounds);

  try {
    const { keys } = await loadMasterKeys({ ...config, log }).catch(refuseSetting);

    const { database, databaseUrl } = await startDatabase({ config, log, started });

    const { metrics } = createTelemetry({ processMetrics: true });
    const traces = createTraceBook();
    const tracer = await createTracer({ endpoint: config.otlpEndpoint, version, clock, log });
    if (tracer !== null) started.add({ name: 'tracer', stop: tracer.close });
    const parts = { config, databaseUrl, database, clock, log, started, redact: redactFor };
    const { events, bus, streams, presence } = await startEvents(parts);
    const [chainKey, ...earlierChainKeys] = auditChainKeys(keys);
    const audit = createAuditLog({
      database,
      clock,
      redact: redactFor,
      harmless: redactor,
      chainKey,
      earlierChainKeys,
      traceIdOf: traces.traceIdOf,
    });
    const ground = { database, events, audit, clock, log, metrics, started };
    const keyRing = createKeyRing(keys);
    const access = createAccess({
      ...ground,
      onTenantChanged: (id) => networks.forget(id),
      // The operator's own identity provider: platform traffic, not a tenant's, so it does not pass egress.
      // rule-ok: one-door-out the operator's identity provider is platform traffic and belongs to no tenant's egress policy
      ...(config.oidc === null ? {} : { oidc: { ...config.oidc, fetch: globalThis.fetch } }),
    });
    started.add({ name: 'access', stop: access.close });
    const vault = createVault({
      ...ground,
      keys: keyRing,
      secretEnvironment: config.secretEnvironment,
      secretsDir: join(config.dataDir, 'secrets'),
      tenantSlug: findTenantSlug,
      listTenants: access.listTenants,
      learnSecret: redactor.learn,
      readOutsideVault: createOutsideVaultReader({
        catalog: () => catalog,
        registry: () => registry,
        execute: (call) => gateway.execute(call),
      }),
    });

    const { getTenant } = access;
    const { egress, networks, egressProof, isOffline } = startEgress({ ...parts, getTenant, version });
    const registry = await loadConnectors({
      builtIns: [...connectors, ...(options.connectors ?? [])],
      clock,
      log,
      ...(config.pluginsDir === null ? {} : { pluginsDir: config.pluginsDir }),
    });
    const runtime = createRuntime({ registry, clock, log, redact: (value) => redactor.redact(value) });

    const directory = createIntegrationDirectory(async (tenantId, id) => {
      const integration = await catalog.findForCall(tenantId, id);
      if (integration === undefined) throw new HubError('not_found', 'There is no such integration.');
      const [grant, rules, modelPrices] = await Promise.all([
        grants.find(tenantId, id),
        budgets.rulesFor(tenantId, id),
        models.prices.forConnector(tenantId, integration.connectorId),
      ]);
      return { ...integration, grant, budgets: rules, ...(modelPrices === undefined ? {} : { modelPrices }) };
    });
    const onChanged = (tenantId: string, integrationId: string) => {
      directory.forget(tenantId, integrationId);
      gateway.forget(tenantId, integrationId);
      models.forgetTenant(tenantId);
      webhooks.forget(integrationId);
      health.forget(tenantId, integrationId);
    };
    const grants = createGrants({ database, registry, events, audit, clock, onChanged });
    const { ledger, budgets } = startBudgets({
      ...ground,
      findIntegration: (tenantId, id) => catalog.get(tenantId, id),
      onChanged: (tenantId, id) => (id === null ? directory.forgetTenant(tenantId) : directory.forget(tenantId, id)),
    });
    started.add({ name: 'budgets', stop: ledger.close });
    const stores = await createGatewayStores({ config, database, clock, log });
    started.add({ name: 'gateway stores', stop: stores.close });
    const gateway = createGateway({
      ...ground,
      findIntegration: directory.find,
      resolveCredential: vault.resolve,
      egress,
      runtime,
      writeAudit: (tenantId, records) => database.tenant(tenantId, (tx) => audit.appendPrepared(tx, records)),
      prepareAudit: audit.prepare,
      onUsage: (batch) => recordUsage(catalog, batch),
      stores,
      budgets: ledger,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(tracer === null ? {} : { tracer }),
    });
    started.add({ name: 'gateway', stop: gateway.close, hurry: gateway.interrupt });
    const models = startModels({
      ...ground,
      gateway,
      registry,
      catalog: () => catalog,
      onPricesChanged: (id) => (id === null ? directory.forgetAll() : directory.forgetTenant(id)),
    });

    let ownUrl = '';
    const webhooks = startInboundWebhooks({
      ...ground,
      vault,
      registry,
      gateway,
      presence,
      findIntegration: directory.find,
      publicUrl: () => config.publicUrl ?? ownUrl,
    });
    started.add({ name: 'webhooks in', stop: webhooks.close });

    const catalog = createCatalog({
      ...ground,
      vault,
      schedule: createCheckSchedule({ clock }),
      onUninstall: webhooks.endpoints.forget,
      approvalRequired: findApprovalRequired,
      onChanged,
    });
    const upkeep = createUpkeep({ ...ground, access });
    const { health, tests } = startHealth({
      ...ground,
      gateway,
      catalog,
      registry,
      find: directory.find,
      probe: egress.probe,
      expiries: upkeep.expiries,
      offline: isOffline,
      random: Math.random,
    });
    const changes = await startChangeNotifier({
      url: databaseUrl,
      clock,
      log,
      onChanged(tenantId, integrationId) {
        vault.forget(tenantId, integrationId);
        onChanged(tenantId, integrationId);
      },
      onDeliveries: webhooks.wake,
      onTenantChanged(tenantId) {
        networks.forget(tenantId);
        directory.forgetTenant(tenantId);
        models.forgetTenant(tenantId);
        health.forgetTenant(tenantId);
        ledger.recall(tenantId);
      },
      onMissed() {
        networks.forgetAll();
        directory.forgetAll();
        gateway.forgetAll();
        models.forgetAll();
        webhooks.forgetAll();
        health.forgetAll();
      },
    });
    started.add({ name: 'changes of other replicas', stop: changes.close });
    const annotations = createAnnotations({
      ...ground,
      find: directory.find,
      execute: gateway.execute,
      redact: redactFor,
    });
    const doctor = createDoctor({
      ...ground,
      registry,
      find: async (tenantId, id) => directory.find(tenantId, id),
      probe: egress.probe,
      testConnection: gateway.testConnection,
      runCheck: gateway.runCheck,
      expiries: upkeep.expiries,
      redact: redactFor,
    });
    const outgoing = startOutgoingWebhooks({ ...ground, egress, redactor, keyRing });
    await catalog.setTypes(catalogTypes(registry));

    const { generatedKey } = await access.bootstrap(config.bootstrapApiKey ?? undefined);
    let ready = false;
    const app = await createHttpServer(
      {
        access,
        annotations,
        audit,
        budgets,
        catalog,
        clock,
        doctor,
        events,
        bus,
        deadLetters: createAllDeadLetters({ events: bus.deadLetters, deliveries: outgoing.dead }),
        streams,
        gateway,
        egressProof,
        grants,
        health,
        inboundWebhooks: webhooks,
        metrics,
        models,
        outgoingWebhooks: outgoing,
        registry,
        testConnection: tests.now,
        ...upkeep,
        inTenant: database.tenant,
        vault,
        ready: async () => ready && (await database.ping().then(() => true)),
      },
      { log, version, publicUrl: config.publicUrl, tracer, traces, lag: createLagMeter() },
    );
    started.add({ name: 'http', ...httpStop(app, clock) });
    if (config.roles.has('worker')) {
      await startWorker({ started, upkeep, bus, health, inbound: webhooks, outgoing });
    }
    const url = await app.listen({ port: config.port, host: config.host }).catch(refuseAddress);
    ownUrl = url;
    ready = true;
    started.add({
      name: 'readiness',
      stop: () => {
        ready = false;
      },
    });
    void warnOfMissingKeys({ held: keys, keysInUse: vault.keysInUse, log });
    log.info({ url, version, roles: [...config.roles], connectors: registry.list().length }, 'ready');
    return { url, generatedKey, stop: started.stop };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
