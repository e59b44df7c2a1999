import type { IntegrationEvent } from './event.ts';

/**
 * An event as a CloudEvents 1.0 document in JSON (github.com/cloudevents/spec, cloudevents/spec.md and formats/
 * json-format.md). Names of extensions are lower-case letters and digits. `timestamp` repeats `time` for receivers that follow the example of
 * Standard Webhooks (`type`, `timestamp`, `data`).
 */
export function cloudEventOf(event: IntegrationEvent): Readonly<Record<string, unknown>> {
  const { connectorId, connectorVersion, originalWebhookId } = event.metadata;
  return {
    specversion: '1.0',
    id: event.id,
    source: event.source === 'hub' ? '/hub' : `/integrations/${event.source}`,
    type: event.type,
    time: event.timestamp,
    datacontenttype: 'application/json',
    timestamp: event.timestamp,
    tenantid: event.tenantId,
    correlationid: event.correlationId,
    ...(connectorId === null ? {} : { connectorid: connectorId }),
    ...(connectorVersion === null ? {} : { connectorversion: connectorVersion }),
    ...(originalWebhookId === undefined ? {} : { originalwebhookid: originalWebhookId }),
    data: event.data,
  };
}
