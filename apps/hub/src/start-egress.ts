// The one door out, with the operator's rules, each tenant's, and the proof of what went through it.
import type { Clock, TenantId } from '@inthub/contracts';
import type { Access } from './access/access.ts';
import type { HubConfig } from './config.ts';
import { createEgress, type Egress } from './egress/egress.ts';
import { readOrRefuse } from './refuse-setting.ts';
import type { StartedParts } from './started-parts.ts';
import type { Log } from './telemetry/telemetry.ts';
import { createTenantNetworks, type TenantNetworks } from './tenant-networks.ts';

export interface StartEgressOptions {
  readonly config: Pick<HubConfig, 'egressAllow' | 'port' | 'offline'>;
  readonly getTenant: Access['getTenant'];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly started: StartedParts;
}

export interface StartedEgress {
  readonly egress: Egress;
  readonly networks: TenantNetworks;
  /** What was sent to outside hosts since the start. */
  readonly egressProof: () => { readonly offline: boolean; readonly attempts: number; readonly since: string };
  readonly isOffline: (tenantId: TenantId) => Promise<boolean>;
}

export function startEgress(options: StartEgressOptions): StartedEgress {
  const { config, getTenant, clock, log, version, started } = options;
  const networks = createTenantNetworks(getTenant);
  const egress = readOrRefuse(() =>
    createEgress({
      policy: { allow: config.egressAllow, ownPorts: config.port === 0 ? [] : [config.port] },
      clock,
      log,
      offline: config.offline,
      network: networks.of,
      version,
    }),
  );
  const since = clock.now().toISOString();
  const egressProof = () => ({ offline: config.offline, attempts: egress.attempts, since });
  started.add({
    name: 'egress',
    async stop() {
      await egress.close();
      log.info(egressProof(), 'calls to outside hosts since the start');
    },
  });
  return {
    egress,
    networks,
    egressProof,
    isOffline: async (tenantId) => config.offline || (await networks.of(tenantId)).offline,
  };
}
