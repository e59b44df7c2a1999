import type { TenantId } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { createIntegrationDirectory } from './integration-directory.ts';
import type { InstalledIntegration } from './runtime/runtime.ts';

const tenant = 't' as TenantId;

function rig() {
  const pending: ((version: number) => void)[] = [];
  const directory = createIntegrationDirectory(
    (_tenant, id) =>
      new Promise((resolve) => pending.push((version) => resolve({ id, version } as InstalledIntegration))),
  );
  return { directory, pending };
}

describe('createIntegrationDirectory', () => {
  it('loads once for many callers and hands out the same object afterwards', async () => {
    const { directory, pending } = rig();
    const callers = [directory.find(tenant, 'a'), directory.find(tenant, 'a')];
    pending[0]?.(1);

    const [first, second] = await Promise.all(callers);

    expect(pending).toHaveLength(1);
    expect(first).toBe(second);
    expect(await directory.find(tenant, 'a')).toBe(first);
  });

  it('does not keep what was read before a change that came while it was loading', async () => {
    const { directory, pending } = rig();
    const before = directory.find(tenant, 'a');
    directory.forget(tenant, 'a');
    pending[0]?.(1);
    await before;

    const after = directory.find(tenant, 'a');
    pending[1]?.(2);

    expect((await after).version).toBe(2);
  });

  it('drops everything when changes may have gone unheard, also what is being read', async () => {
    const { directory, pending } = rig();
    const before = directory.find(tenant, 'a');
    directory.forgetAll();
    pending[0]?.(1);
    await before;
    const after = directory.find(tenant, 'a');
    pending[1]?.(2);
    expect((await after).version).toBe(2);

    directory.forgetAll();
    const again = directory.find(tenant, 'a');
    pending[2]?.(3);

    expect((await again).version).toBe(3);
  });

  it('keeps tenants apart and forgets failures', async () => {
    let calls = 0;
    const directory = createIntegrationDirectory(async (tenantId, id) => {
      calls += 1;
      if (tenantId === 'broken') throw new Error('no');
      return { id, tenantId } as InstalledIntegration;
    });

    await expect(directory.find('broken' as TenantId, 'a')).rejects.toThrow('no');
    await expect(directory.find('broken' as TenantId, 'a')).rejects.toThrow('no');
    expect((await directory.find(tenant, 'a')).tenantId).toBe(tenant);
    expect(calls).toBe(3);
  });
});
