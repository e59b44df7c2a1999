import type { AuditWriter } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { ResolveRequest } from './credential.ts';
import { listCredentials } from './credential-repository.ts';
import { openCredential } from './credential-store.ts';
import type { KeyProvider } from './key-provider.ts';
import { damaged } from './key-ring.ts';

export interface OpenWebhookSecretsDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly keys: KeyProvider;
  readonly learnSecret: (secret: string, tenantId: string) => void;
}

/** The secrets that incoming webhooks of an integration are proved with, by slot. The access is audited before they are handed out. */
export async function openWebhookSecrets(
  { database, audit, keys, learnSecret }: OpenWebhookSecretsDeps,
  request: Pick<ResolveRequest, 'tenantId' | 'integrationId' | 'principal' | 'requestId'>,
): Promise<ReadonlyMap<string, string>> {
  const { tenantId, integrationId, principal, requestId } = request;
  const stored = await database.tenant(tenantId, async (tx) => {
    const found = await listCredentials(tx, { integrationId, purpose: 'webhook' });
    if (found.length > 0) {
      await audit.append(tx, {
        actor: { kind: principal.kind, id: principal.id, name: principal.name },
        action: 'credential.access',
        target: { type: 'integration', id: integrationId },
        outcome: 'success',
        requestId,
        details: { credentialIds: found.map(({ id }) => id), kind: 'webhook_secret' },
      });
    }
    return found;
  });
  const secrets = new Map<string, string>();
  for (const credential of stored) {
    const material = await openCredential(keys, credential);
    if (material.kind !== 'webhook_secret') throw damaged();
    learnSecret(material.secret, tenantId);
    secrets.set(credential.slot, material.secret);
  }
  return secrets;
}
