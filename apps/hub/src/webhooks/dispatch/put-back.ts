import type { TenantTx } from '../../database/database.ts';
import type { DeadIds } from './dead-delivery-repository.ts';
import { lockKeys, type OrderedKey, promoteHeads } from './enqueue-repository.ts';
import { type Pace, requeueFinished, unpark } from './redelivery-repository.ts';

/** Lets given-up and parked deliveries go again, at a pace; ordered ones go back to their place in the line. @returns how many */
export async function putBack(tx: TenantTx, { exhausted, parked }: DeadIds, pace: Pace): Promise<number> {
  const requeued = await requeueFinished(tx, exhausted, pace);
  const unparked = await unpark(tx, parked, { ...pace, offset: pace.offset + requeued });
  const keys = unparked.flatMap(({ subscription_id, order_key }): OrderedKey[] =>
    order_key === null ? [] : [{ tenantId: tx.tenantId, subscriptionId: subscription_id, orderKey: order_key }],
  );
  await lockKeys(tx, keys);
  await promoteHeads(tx, keys, pace.from);
  return requeued + unparked.length;
}
