import type { Integration } from '@inthub/client';
import { type Output, timeText, valueText } from './output.ts';
import { stateCell } from './style.ts';
import type { Cell } from './table.ts';

export function integrationTable(output: Output, items: readonly Integration[]): string {
  return output.table(
    ['name', 'type', 'status', 'health', 'environment', 'last tested'],
    items.map((item) => [
      item.name,
      item.type,
      stateCell(item.status),
      stateCell(item.health),
      item.environment,
      timeText(item.lastTestedAt),
    ]),
  );
}

export function integrationText(output: Output, item: Integration): string {
  const fields: (readonly [string, Cell])[] = [
    ['name', item.name],
    ['id', item.id],
    ['type', `${item.type} (connector ${item.connectorId} ${item.connectorVersion})`],
    ['status', stateCell(item.status)],
    ['because', item.statusReason ?? undefined],
    ['pause', item.pauseReason === null ? undefined : [item.pauseReason, item.pauseTicket ?? ''].join(' ').trim()],
    ['health', stateCell(item.health)],
    ['last tested', timeText(item.lastTestedAt)],
    ['last error', item.lastError ?? undefined],
    ['failures in a row', item.consecutiveFailures === 0 ? undefined : item.consecutiveFailures],
    ['description', item.description ?? undefined],
    ['environment', item.environment],
    ['tags', item.tags.length === 0 ? undefined : item.tags.join(', ')],
    ['owner', item.ownerId ?? undefined],
    ['credential', item.credentialKind ?? item.authRef ?? 'none'],
    ['approved by', item.approvedBy ?? undefined],
    ['calls', `${item.usage.totalRequests} (${item.usage.totalErrors} failed, ${item.usage.last24hRequests} in 24 h)`],
    ['rate limits', hasFields(item.rateLimits) ? valueText(item.rateLimits) : undefined],
    ['changed', `${timeText(item.modifiedAt)} by ${item.modifiedBy}, version ${item.version}`],
  ];
  const config = Object.entries(item.config).map(([name, value]) => [name, valueText(value)] as const);
  return `${output.fields(fields)}\n${output.heading('Config')}${output.fields(config)}`;
}

/** One line after a change: what it is now. */
export function integrationLine(output: Output, item: Integration): string {
  const reason = item.statusReason === null ? '' : `: ${item.statusReason}`;
  return output.fields([[item.name, `${item.status}${reason}`]]);
}

function hasFields(value: object): boolean {
  return Object.keys(value).length > 0;
}
