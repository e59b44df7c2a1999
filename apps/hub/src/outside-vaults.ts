import { type AuthRef, HubError, isId, type Principal, type TenantId } from '@inthub/contracts';
import type { Catalog } from './catalog/catalog.ts';
import type { ActionCall, ActionOutcome } from './gateway/gateway.ts';
import type { ConnectorRegistry } from './runtime/runtime.ts';
import type { OutsideVaultReader } from './vault/vault.ts';

export interface OutsideVaultDeps {
  readonly catalog: () => Pick<Catalog, 'findForCall' | 'findByName'>;
  readonly registry: () => Pick<ConnectorRegistry, 'findByType'>;
  execute(call: ActionCall): Promise<ActionOutcome>;
}

/**
 * Reads `ref://vaults/<integration>/<path>[#field]` through an installed vault integration of the tenant: by the gateway like any other
 * call, so that limits, circuit, audit and the grant (`secret.ref`) of that integration hold. Without a `#field` the fields of the
 * secret are those of the credential (`username` and `password`, `token`, …).
 */
export function createOutsideVaultReader({ catalog, registry, execute }: OutsideVaultDeps): OutsideVaultReader {
  return async (request, ref) => {
    // Its name, or its id where the name cannot stand in a reference.
    const find = isId(ref.provider) ? catalog().findForCall : catalog().findByName;
    const vault = await find(request.tenantId, ref.provider);
    if (vault === undefined) throw unavailable(`There is no integration "${ref.provider}".`);
    const { types = [] } = registry().findByType(vault.type)?.definition.manifest ?? {};
    if (types.find(({ id }) => id === vault.type)?.category !== 'vault')
      throw unavailable(`The integration "${ref.provider}" is no vault.`);
    // One vault's credential in another vault could lead in a circle.
    if (vault.authRef?.startsWith('ref://vaults/') === true) {
      throw unavailable(`The vault "${ref.provider}" takes its own credential from a vault; give it one of its own.`);
    }
    const outcome = await execute({
      principal: onBehalfOf(request.tenantId, request.principal),
      integrationId: vault.id,
      action: 'secret.read',
      params: { path: ref.key },
      requestId: request.requestId,
    });
    if (outcome.error !== undefined) throw failed(ref, outcome.error);
    const { fields } = outcome.result.data as { fields: Readonly<Record<string, unknown>> };
    return JSON.stringify(ref.field === undefined ? { kind: request.kind, ...fields } : fields);
  };
}

/** The hub's own access, under the name of whoever led to it: callers need no right to read the secret themselves. */
function onBehalfOf(tenantId: TenantId, { id, name }: Pick<Principal, 'id' | 'name'>): Principal {
  return { tenantId, kind: 'system', id, name, scopes: new Set() };
}

/** What a caller may see: the vault's code and message hold no secret, and an operator needs them. */
function failed({ provider, key }: AuthRef, error: HubError): HubError {
  return new HubError('credential_unavailable', `The vault "${provider}" did not give ${key}: ${error.message}`, {
    details: { vaultCode: error.code },
    blame: error.blame,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    cause: error,
  });
}

function unavailable(message: string): HubError {
  return new HubError('credential_unavailable', message);
}
