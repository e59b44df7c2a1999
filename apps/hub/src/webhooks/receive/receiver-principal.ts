import type { Principal, TenantId } from '@inthub/contracts';

/** The hub itself, taking in what a product sends. */
export function receiver(tenantId: TenantId): Principal {
  return { tenantId, kind: 'system', id: 'webhook-receiver', name: 'Webhook receiver', scopes: new Set() };
}
