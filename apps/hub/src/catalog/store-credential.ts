import type { TenantTx } from '../database/database.ts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting, CatalogType, NewIntegration } from './catalog-types.ts';
import { kindsFor } from './check-credential.ts';
import type { IntegrationRecord } from './integration-record.ts';

/** The integration's credential columns after a change that gives a secret or a reference; empty when it gives neither. */
export async function storeCredential(
  ctx: CatalogContext,
  tx: TenantTx,
  { principal, requestId }: Acting,
  type: CatalogType,
  integration: IntegrationRecord,
  input: Pick<NewIntegration, 'credentials' | 'authRef'>,
): Promise<Partial<Pick<IntegrationRecord, 'authRef' | 'credentialKind'>>> {
  if (input.credentials !== undefined) {
    const stored = await ctx.vault.store(tx, {
      integrationId: integration.id,
      integrationName: integration.name,
      connectorId: integration.connectorId,
      material: input.credentials,
      principal,
      requestId,
    });
    return { authRef: stored.authRef, credentialKind: stored.kind };
  }
  if (input.authRef === undefined) return {};
  await ctx.vault.checkReference(tx, input.authRef, '/authRef');
  // What the reference points at is known only when it is opened; the type's preferred kind is what will be expected then.
  const [kind = null] = kindsFor(type, integration.config.authMode);
  return { authRef: input.authRef, credentialKind: kind };
}
