// The addresses of an integration: made, listed, rotated, removed, and registered at the product. A network call is never made inside a
// transaction: the endpoint exists before the product is told of it, because many products send a first delivery at once.
import type { RegisteredWebhook, WebhookDefinition, WebhookRegistrationRequest } from '@inthub/connector-sdk';
import { type Clock, createId, HubError, isId, type TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Acting } from '../../catalog/catalog.ts';
import type { Database, TenantTx } from '../../database/database.ts';
import type { ConnectorRegistry, InstalledIntegration } from '../../runtime/runtime.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { Vault } from '../../vault/vault.ts';
import {
  chooseDefinition,
  chooseEvents,
  chooseSecret,
  chooseTarget,
  demandRoom,
  demandSwitchedOn,
  existing,
} from './choose-endpoint.ts';
import {
  deleteEndpoints,
  insertEndpoint,
  listEndpoints,
  lockEndpointsOf,
  type StoredEndpoint,
  updateEndpoint,
} from './endpoint-repository.ts';
import {
  type EndpointView,
  type EndpointWithSecret,
  endpointView,
  endpointWithSecret,
  kindView,
  type WebhookKind,
} from './endpoint-views.ts';
import type { NewEndpoint } from './new-endpoint.ts';
import { receiver } from './receiver-principal.ts';

/** Endpoints of integrations. Unknown ids and those of other tenants are `not_found` alike. */
export interface WebhookEndpoints {
  /** What deliveries an integration can take in. */
  kinds(tenantId: TenantId, integrationId: string): Promise<readonly WebhookKind[]>;
  list(tenantId: TenantId, integrationId: string): Promise<readonly EndpointView[]>;
  /** @throws HubError `invalid_request`, `conflict` (20 endpoints, webhooks switched off), and what the product says to a registration. */
  create(acting: Acting, integrationId: string, input: NewEndpoint): Promise<EndpointWithSecret>;
  /** A new secret; the one before is accepted for 24 hours more. */
  rotate(
    acting: Acting,
    integrationId: string,
    endpointId: string,
    input: { readonly secret?: string },
  ): Promise<EndpointWithSecret>;
  /** Removes the webhook at the product first, where the hub has registered it; with `keepRegistration` it is left there. */
  remove(
    acting: Acting,
    integrationId: string,
    endpointId: string,
    options?: { readonly keepRegistration?: boolean },
  ): Promise<void>;
  /** Before an uninstall: removes every webhook that the hub has registered; what fails is logged and does not stop it. */
  deregisterAll(acting: Acting, integrationId: string): Promise<void>;
  /** In the transaction of an uninstall, which revokes the secrets itself. */
  forget(tx: TenantTx, integrationId: string): Promise<void>;
}

export interface WebhookEndpointsDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly vault: Pick<Vault, 'store' | 'revoke'>;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** @throws HubError `not_found` */
  findIntegration(tenantId: TenantId, id: string): InstalledIntegration | Promise<InstalledIntegration>;
  /** Through the gateway, so that grants, limits and the audit hold. */
  register(
    acting: Acting,
    integrationId: string,
    webhookId: string,
    request: WebhookRegistrationRequest,
  ): Promise<RegisteredWebhook>;
  deregister(
    acting: Acting,
    integrationId: string,
    webhookId: string,
    webhook: RegisteredWebhook & { readonly target?: string },
  ): Promise<void>;
  /** Where products reach the hub, without a slash at the end. */
  publicUrl(): string;
}

const overlapMs = 86_400_000;
const gone = new Set(['uninstalling', 'uninstalled']);

export function createWebhookEndpoints(deps: WebhookEndpointsDeps): WebhookEndpoints {
  const { database, audit, vault, registry, clock, log } = deps;

  async function find(tenantId: TenantId, integrationId: string) {
    const integration = isId(integrationId) ? await deps.findIntegration(tenantId, integrationId) : undefined;
    if (integration === undefined || gone.has(integration.status))
      throw new HubError('not_found', 'There is no such integration.');
    const all = registry.find(integration.connectorId)?.definition.webhooks ?? [];
    return { integration, definitions: all.filter(({ types }) => types?.includes(integration.type) ?? true) };
  }

  async function inTransaction<T>(
    { principal }: Acting,
    integrationId: string,
    work: (tx: TenantTx, endpoints: readonly StoredEndpoint[]) => Promise<T>,
  ): Promise<T> {
    return database.tenant(principal.tenantId, async (tx) => {
      await lockEndpointsOf(tx, integrationId);
      return work(tx, await listEndpoints(tx, integrationId, { lock: true }));
    });
  }

  async function storeSecret(
    tx: TenantTx,
    { principal, requestId }: Acting,
    { id, name, connectorId }: InstalledIntegration,
    slot: string,
    secret: string,
  ): Promise<void> {
    const material = { kind: 'webhook_secret', secret } as const;
    await vault.store(tx, {
      integrationId: id,
      integrationName: name,
      connectorId,
      slot,
      material,
      principal,
      requestId,
    });
  }

  /** The audit comes last in each transaction: it locks the tenant's chain. */
  async function note(
    tx: TenantTx,
    { principal, requestId }: Acting,
    { id, name }: InstalledIntegration,
    action: string,
    endpoint: StoredEndpoint,
  ): Promise<void> {
    const { webhookId, target, externalId } = endpoint;
    await audit.append(tx, {
      actor: { kind: principal.kind, id: principal.id, name: principal.name },
      action,
      target: { type: 'integration', id, name },
      outcome: 'success',
      requestId,
      details: { endpointId: endpoint.id, webhookId, target, externalId },
    });
  }

  const viewOf = (endpoint: StoredEndpoint, definition: WebhookDefinition | undefined) =>
    endpointView(endpoint, definition, { publicUrl: deps.publicUrl(), now: clock.now() });
  const withSecret = (endpoint: StoredEndpoint, definition: WebhookDefinition, secret: string) =>
    endpointWithSecret(endpoint, definition, { publicUrl: deps.publicUrl(), now: clock.now(), secret });

  async function drop(acting: Acting, integration: InstalledIntegration, endpoint: StoredEndpoint): Promise<void> {
    await inTransaction(acting, integration.id, async (tx) => {
      await deleteEndpoints(tx, integration.id, endpoint.id);
      const slots = [endpoint.secretSlot, ...(endpoint.previous === null ? [] : [endpoint.previous.slot])];
      await vault.revoke(tx, { integrationId: integration.id, slots, ...acting });
      await note(tx, acting, integration, 'webhook.endpoint.remove', endpoint);
    });
  }

  async function register(
    acting: Acting,
    integration: InstalledIntegration,
    definition: WebhookDefinition,
    made: { readonly endpoint: StoredEndpoint; readonly secret: string },
  ): Promise<StoredEndpoint> {
    const { endpoint, secret } = made;
    const request: WebhookRegistrationRequest = {
      url: withSecret(endpoint, definition, secret).url,
      secret,
      events: endpoint.eventTypes,
      ...(endpoint.target === null ? {} : { target: endpoint.target }),
    };
    let externalId: string;
    try {
      ({ externalId } = await deps.register(acting, integration.id, definition.id, request));
    } catch (error) {
      await drop(acting, integration, endpoint).catch((cause: unknown) =>
        log.error({ err: cause, endpointId: endpoint.id }, 'endpoint of a failed registration could not be removed'),
      );
      throw error;
    }
    const registered = { ...endpoint, externalId };
    await inTransaction(acting, integration.id, async (tx) => {
      await updateEndpoint(tx, registered);
      await note(tx, acting, integration, 'webhook.endpoint.register', registered);
    });
    return registered;
  }

  async function deregister(
    acting: Acting,
    { integrationId, webhookId, externalId, target }: StoredEndpoint,
  ): Promise<void> {
    if (externalId === null) return;
    await deps.deregister(acting, integrationId, webhookId, { externalId, ...(target === null ? {} : { target }) });
  }

  return {
    async kinds(tenantId, integrationId) {
      return (await find(tenantId, integrationId)).definitions.map(kindView);
    },

    async list(tenantId, integrationId) {
      const { definitions } = await find(tenantId, integrationId);
      const stored = await database.tenant(tenantId, (tx) => listEndpoints(tx, integrationId));
      return stored.map((endpoint) =>
        viewOf(
          endpoint,
          definitions.find(({ id }) => id === endpoint.webhookId),
        ),
      );
    },

    async create(acting, integrationId, input) {
      const { integration, definitions } = await find(acting.principal.tenantId, integrationId);
      demandSwitchedOn(integration);
      const definition = chooseDefinition(definitions, input.webhookId, integration);
      const secret = chooseSecret(definition, input.secret);
      const endpoint: StoredEndpoint = {
        id: createId<string>(),
        integrationId: integration.id,
        webhookId: definition.id,
        secretSlot: createId<string>(),
        previous: null,
        target: chooseTarget(definition, input.register),
        eventTypes: chooseEvents(definition, input.events),
        externalId: null,
        createdAt: clock.now(),
        createdBy: acting.principal.id,
        rotatedAt: null,
      };
      await inTransaction(acting, integration.id, async (tx, present) => {
        demandRoom(present);
        await insertEndpoint(tx, endpoint);
        await storeSecret(tx, acting, integration, endpoint.secretSlot, secret);
        await note(tx, acting, integration, 'webhook.endpoint.create', endpoint);
      });
      if (input.register === undefined) return withSecret(endpoint, definition, secret);
      const registered = await register(acting, integration, definition, { endpoint, secret });
      return withSecret(registered, definition, secret);
    },

    async rotate(acting, integrationId, endpointId, input) {
      const { integration, definitions } = await find(acting.principal.tenantId, integrationId);
      return inTransaction(acting, integration.id, async (tx, present) => {
        const before = existing(present, endpointId);
        const definition = chooseDefinition(definitions, before.webhookId, integration);
        const secret = chooseSecret(definition, input.secret);
        const now = clock.now();
        const after: StoredEndpoint = {
          ...before,
          secretSlot: createId<string>(),
          previous: { slot: before.secretSlot, until: new Date(now.getTime() + overlapMs) },
          rotatedAt: now,
        };
        if (before.previous !== null)
          await vault.revoke(tx, { integrationId: integration.id, slots: [before.previous.slot], ...acting });
        await updateEndpoint(tx, after);
        await storeSecret(tx, acting, integration, after.secretSlot, secret);
        await note(tx, acting, integration, 'webhook.endpoint.rotate', after);
        return withSecret(after, definition, secret);
      });
    },

    async remove(acting, integrationId, endpointId, { keepRegistration = false } = {}) {
      const { integration } = await find(acting.principal.tenantId, integrationId);
      const present = await database.tenant(acting.principal.tenantId, (tx) => listEndpoints(tx, integration.id));
      const endpoint = existing(present, endpointId);
      if (!keepRegistration) await deregister(acting, endpoint);
      await drop(acting, integration, endpoint);
    },

    async deregisterAll({ principal, requestId }, integrationId) {
      if (!isId(integrationId)) return;
      // As the hub itself: who may uninstall an integration may not be allowed to change webhooks otherwise.
      const acting = { principal: receiver(principal.tenantId), requestId };
      const present = await database.tenant(acting.principal.tenantId, (tx) => listEndpoints(tx, integrationId));
      for (const endpoint of present) {
        await deregister(acting, endpoint).catch((error: unknown) =>
          log.warn(
            { err: error, integrationId, endpointId: endpoint.id },
            'webhook could not be removed at the product',
          ),
        );
      }
    },

    forget: async (tx, integrationId) => void (await deleteEndpoints(tx, integrationId)),
  };
}
