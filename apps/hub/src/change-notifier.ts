import { type Clock, isId } from '@inthub/contracts';
import { startListener } from './database/database.ts';
import type { Log } from './telemetry/telemetry.ts';
import { inboundChannel } from './webhooks/webhooks.ts';

export interface ChangeNotifierDeps {
  /** The database that all replicas share. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Some replica, perhaps this one, has committed a change of an integration, its grant or its credential. */
  onChanged(tenantId: string, integrationId: string): void;
  /** The same for what is set for a whole tenant: its network rules, its budgets. */
  onTenantChanged(tenantId: string): void;
  /** A process without a worker has stored deliveries of outside products. Default: nobody waits for them here. */
  onDeliveries?(): void;
  /** The connection was lost for a while: anything may have changed. */
  onMissed(): void;
}

export interface ChangeNotifier {
  close(): Promise<void>;
}

/**
 * Hears of the changes that other replicas commit; the database announces them itself (migrations 0012 and 0014). While it is not
 * heard, what is kept in memory goes by its own time to live.
 */
export function startChangeNotifier({
  url,
  clock,
  log,
  onChanged,
  onTenantChanged,
  onDeliveries,
  onMissed,
}: ChangeNotifierDeps): Promise<ChangeNotifier> {
  return startListener({
    url,
    name: 'inthub-changes',
    clock,
    log,
    onMissed,
    channels: {
      [inboundChannel]: () => onDeliveries?.(),
      inthub_changed(payload) {
        const [tenantId = '', integrationId = ''] = payload.split('/');
        if (!isId(tenantId)) return;
        if (integrationId === '') onTenantChanged(tenantId);
        else if (isId(integrationId)) onChanged(tenantId, integrationId);
      },
    },
  });
}
