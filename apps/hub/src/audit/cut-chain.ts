import { type Clock, HubError, type TenantId } from '@inthub/contracts';
import { cutMac } from './chain.ts';
import { selectCut, selectLastBefore, upsertCut } from './cut-repository.ts';
import { type VerifyChainOptions, verifyChain } from './verify-chain.ts';

/**
 * Writes down where a tenant's chain will begin once everything from before `before` is dropped. The chain is verified first: what is
 * broken stays as evidence.
 * @returns whether there is anything from before
 * @throws HubError `conflict` when the chain is broken
 */
export async function cutChain(
  options: Omit<VerifyChainOptions, 'tenantId'> & { readonly clock: Clock; readonly chainKey: Uint8Array },
  tenantId: TenantId,
  before: Date,
): Promise<boolean> {
  const { database, clock, chainKey } = options;
  const { last, present } = await database.tenant(tenantId, async (tx) => ({
    last: await selectLastBefore(tx, before),
    present: await selectCut(tx),
  }));
  if (last === undefined) return false;
  if (present !== undefined && present.seq >= last.seq) return true;
  const { firstBroken } = await verifyChain({ ...options, tenantId });
  if (firstBroken !== null) {
    throw new HubError('conflict', `The audit chain is broken at entry ${firstBroken.seq}, so none of it is dropped.`, {
      details: { firstBroken },
    });
  }
  await database.tenant(tenantId, (tx) =>
    upsertCut(tx, { ...last, mac: cutMac(chainKey, tenantId, last) }, clock.now()),
  );
  return true;
}
