import { createId, type TenantId } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import type { TenantNetwork } from './egress/egress.ts';
import { createTenantNetworks } from './tenant-networks.ts';

const tenantId = createId<TenantId>();

describe('createTenantNetworks', () => {
  it('loads once for many askers, then answers at once, with the same object', async () => {
    let loads = 0;
    const networks = createTenantNetworks(async () => {
      loads += 1;
      return { offline: false, egressAllow: ['10.0.0.0/8'] };
    });

    const [first] = await Promise.all([networks.of(tenantId), networks.of(tenantId)]);

    expect(networks.of(tenantId)).toBe(first);
    expect(loads).toBe(1);
  });

  it('sees a change at once, also one that comes while it loads', async () => {
    let stored: TenantNetwork = { offline: false, egressAllow: [] };
    let letGo = Promise.withResolvers<void>();
    const networks = createTenantNetworks(async () => {
      const read = stored;
      await letGo.promise;
      return read;
    });
    const early = networks.of(tenantId);
    stored = { offline: true, egressAllow: [] };
    networks.forget(tenantId);
    letGo.resolve();
    await early;

    expect(await networks.of(tenantId)).toMatchObject({ offline: true });

    letGo = Promise.withResolvers<void>();
    letGo.resolve();
    stored = { offline: false, egressAllow: [] };
    networks.forget(tenantId);
    expect(await networks.of(tenantId)).toMatchObject({ offline: false });
  });

  it('keeps no failure', async () => {
    let isDown = true;
    const networks = createTenantNetworks(async () => {
      if (isDown) throw new Error('away');
      return { offline: false, egressAllow: [] };
    });

    await expect(networks.of(tenantId)).rejects.toThrow('away');
    isDown = false;
    expect(await networks.of(tenantId)).toEqual({ offline: false, egressAllow: [] });
  });
});
