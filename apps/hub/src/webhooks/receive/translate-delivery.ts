import type { WebhookDefinition } from '@inthub/connector-sdk';
import { HubError, storableText } from '@inthub/contracts';
import type { NewEvent } from '../../events/events.ts';
import type { ConnectorRegistry, InstalledIntegration } from '../../runtime/runtime.ts';
import type { PendingInbound } from './inbound-delivery.ts';
import { readQuery } from './read-query.ts';
import { headersOf } from './stored-headers.ts';

export type Translation =
  | { readonly ok: true; readonly events: readonly NewEvent[] }
  /** `final`: trying again changes nothing until the connector or somebody does. */
  | { readonly ok: false; readonly error: string; readonly final: boolean; readonly cause: unknown };

const maxEvents = 100;

export interface TranslateDeps {
  readonly registry: ConnectorRegistry;
  findIntegration(
    tenantId: PendingInbound['tenantId'],
    id: string,
  ): InstalledIntegration | Promise<InstalledIntegration>;
}

/** What a stored delivery says, as events; the connector's code runs here. */
export async function translateDelivery(deps: TranslateDeps, delivery: PendingInbound): Promise<Translation> {
  try {
    const integration = await deps.findIntegration(delivery.tenantId, delivery.integrationId);
    const definition = definitionOf(deps.registry, integration, delivery.webhookId);
    const { body, receivedAt } = delivery;
    const headers = headersOf(delivery.headers);
    const translated = await definition.translate({ headers, query: readQuery(''), body, receivedAt });
    if (translated.length > maxEvents)
      throw fault(`gave ${translated.length} events of one delivery; at most ${maxEvents} are taken`);
    const events = translated.map(({ type, data }): NewEvent => {
      if (!definition.events.includes(type))
        throw fault(`gave an event "${storableText(String(type), 100)}" that it does not declare`);
      return {
        type,
        source: integration.id,
        data,
        correlationId: delivery.id,
        connectorId: integration.connectorId,
        connectorVersion: integration.connectorVersion,
        originalWebhookId: delivery.externalId ?? delivery.id,
      };
    });
    return { ok: true, events };
  } catch (cause) {
    const error =
      cause instanceof HubError ? cause.message : 'The connector failed unexpectedly; the hub’s log tells the cause.';
    return { ok: false, error: storableText(error, 1_000), final: isFinal(cause), cause };
  }
}

function definitionOf(
  registry: ConnectorRegistry,
  integration: InstalledIntegration,
  webhookId: string,
): WebhookDefinition {
  const connector = registry.find(integration.connectorId);
  const definition = connector?.definition.webhooks?.find(({ id }) => id === webhookId);
  if (definition !== undefined) return definition;
  throw new HubError(
    'connector_unavailable',
    `Connector ${integration.connectorId} has no webhook ${webhookId} at the moment.`,
  );
}

function fault(what: string): HubError {
  return new HubError('connector_failed', `The connector ${what}.`);
}

/** A body that is not what the product sends stays so, and so does an integration that is gone. */
function isFinal(cause: unknown): boolean {
  // Nested deeper than anything can be written.
  if (cause instanceof RangeError) return true;
  if (!(cause instanceof HubError)) return false;
  return cause.code === 'invalid_request' || cause.code === 'not_found' || cause.code === 'connector_failed';
}
