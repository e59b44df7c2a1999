/** From an AuthRef to an opened credential: what it may point at, how it is read, and what the audit is told before it is handed out. */
import { createHmac, randomBytes } from 'node:crypto';
import { type AuthRef, type Clock, HubError, isId, parseAuthRef } from '@inthub/contracts';
import type { AuditRecord, AuditWriter } from '../audit/audit.ts';
import type { Database, TenantTx } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { purposeOf, type ResolveRequest } from './credential.ts';
import type { OpenedCredential } from './credential-cache.ts';
import { materialFromText, secretsOf } from './credential-material.ts';
import { findCredential, type StoredCredential } from './credential-repository.ts';
import { openCredential } from './credential-store.ts';
import { environmentName, readEnvironmentSecret } from './environment-source.ts';
import { locateSecretFile, readSecretFile } from './file-source.ts';
import type { KeyProvider } from './key-provider.ts';
import { damaged } from './key-ring.ts';
import { createNotedEnds } from './noted-ends.ts';

/** Reads a secret through an installed vault integration of the tenant; built above this room and handed in. */
export type OutsideVaultReader = (request: ResolveRequest, ref: AuthRef) => Promise<string>;

export interface ReferenceResolverDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: KeyProvider;
  /** `HUB_SECRET_*` variables. */
  readonly secretEnvironment: ReadonlyMap<string, string>;
  /** `<HUB_DATA_DIR>/secrets`. */
  readonly secretsDir: string;
  /** Slug of the transaction's tenant. */
  readonly tenantSlug: (tx: TenantTx) => Promise<string>;
  readonly readOutsideVault?: OutsideVaultReader;
  readonly learnSecret: (secret: string, tenantId: string) => void;
}

/** What the first transaction finds out; the secret is read only after the audit entry is committed. */
type Source =
  | { readonly scope: 'integrations'; readonly stored: StoredCredential }
  | { readonly scope: 'env' | 'file'; readonly tenantSlug: string }
  | { readonly scope: 'vaults'; readonly read: OutsideVaultReader };

export interface ReferenceResolver {
  /** @throws HubError `credential_unavailable`; `unavailable` when the access could not be audited. */
  open(request: ResolveRequest): Promise<OpenedCredential>;
  /** @throws HubError `invalid_request` naming `path`. */
  check(tx: TenantTx, authRef: string, path: string): Promise<void>;
}

export function createReferenceResolver(deps: ReferenceResolverDeps): ReferenceResolver {
  const { database, audit, log, keys, secretEnvironment, secretsDir, tenantSlug, readOutsideVault, learnSecret } = deps;
  const ends = createNotedEnds(deps);
  /** Makes fingerprints that outlive nothing and tell nothing: a new key at each start. */
  const fingerprintKey = randomBytes(32);
  const fingerprint = (text: string) => createHmac('sha256', fingerprintKey).update(text).digest('base64url');

  async function locate(tx: TenantTx, ref: AuthRef, purpose: 'access' | 'webhook'): Promise<Source> {
    switch (ref.scope) {
      case 'integrations': {
        if (ref.field !== undefined) throw unavailable('A ref://integrations reference has no #field.');
        const stored = isId(ref.key) ? await findCredential(tx, { integrationId: ref.key, purpose }) : undefined;
        if (stored === undefined || stored.connectorId !== ref.provider) {
          throw unavailable('No credential is stored there. Store one for the integration, or correct the reference.');
        }
        return { scope: ref.scope, stored };
      }
      case 'vaults':
        if (readOutsideVault === undefined) {
          throw unavailable(
            'References to outside vaults are not available on this hub. Use ref://integrations, env or file.',
          );
        }
        return { scope: ref.scope, read: readOutsideVault };
      case 'env':
      case 'file':
        return { scope: ref.scope, tenantSlug: await tenantSlug(tx) };
    }
  }

  async function read(request: ResolveRequest, ref: AuthRef, source: Source): Promise<OpenedCredential> {
    if (source.scope === 'integrations') {
      const { stored } = source;
      const material = await openCredential(keys, stored);
      if (material.kind !== stored.kind) throw damaged();
      const credential = { kind: material.kind, material, fingerprint: `${stored.id}.${stored.version}` };
      return { credential, sourceIntegrationId: stored.integrationId };
    }
    const text = await readText(request, ref, source);
    const material = materialFromText(
      pickField(text, ref),
      request.kind,
      ref.scope === 'env' ? 'The variable' : 'The reference',
    );
    const credential = { kind: material.kind, material, fingerprint: fingerprint(JSON.stringify(material)) };
    return { credential, sourceIntegrationId: null };
  }

  function readText(
    request: ResolveRequest,
    ref: AuthRef,
    source: Exclude<Source, { scope: 'integrations' }>,
  ): Promise<string> | string {
    if (source.scope === 'vaults') return source.read(request, ref);
    return source.scope === 'env'
      ? readEnvironmentSecret(secretEnvironment, ref, source.tenantSlug)
      : readSecretFile(secretsDir, ref, source.tenantSlug);
  }

  /** Throws when the entry cannot be written: then the credential stays closed. */
  async function locateAudited(request: ResolveRequest, ref: AuthRef): Promise<Source> {
    const found = await database.tenant(request.tenantId, async (tx): Promise<Source | HubError> => {
      try {
        const source = await locate(tx, ref, purposeOf(request.kind));
        await audit.append(tx, entry(request, source));
        return source;
      } catch (error) {
        if (!(error instanceof HubError && error.code === 'credential_unavailable')) throw error;
        await audit.append(tx, failure(request, error));
        return error;
      }
    });
    if (found instanceof HubError) throw found;
    return found;
  }

  /** The access was audited as granted, so the failure is added; it could not give the secret away any more. */
  async function auditFailure(request: ResolveRequest, error: HubError): Promise<void> {
    try {
      await database.tenant(request.tenantId, (tx) => audit.append(tx, failure(request, error)));
    } catch (cause) {
      log.error({ err: cause, requestId: request.requestId }, 'failed credential access could not be audited');
    }
  }

  return {
    async open(request) {
      const ref = parse(request.authRef);
      let source: Source;
      try {
        source = await locateAudited(request, ref);
      } catch (error) {
        if (error instanceof HubError) throw named(error, request.authRef);
        throw new HubError(
          'unavailable',
          'The access to the credential could not be recorded, so it stays closed. Try again.',
          {
            cause: error,
          },
        );
      }
      try {
        const opened = await read(request, ref, source);
        for (const secret of secretsOf(opened.credential.material)) learnSecret(secret, request.tenantId);
        if (source.scope === 'integrations') await ends.ofStored(request.tenantId, source.stored, opened.credential);
        else await ends.ofReferenced(request, opened.credential);
        return opened;
      } catch (error) {
        const known = HubError.from(error, 'credential_unavailable');
        await auditFailure(request, known);
        throw named(known, request.authRef);
      }
    },

    async check(tx, authRef, path) {
      const ref = parseAuthRef(authRef, path);
      try {
        const source = await locate(tx, ref, 'access');
        if (source.scope === 'file') await locateSecretFile(secretsDir, ref, source.tenantSlug);
        if (source.scope === 'env') {
          const name = environmentName(ref, source.tenantSlug);
          if (!secretEnvironment.has(name)) throw unavailable(`The variable ${name} is not set.`);
        }
      } catch (error) {
        if (!(error instanceof HubError) || error.code !== 'credential_unavailable') throw error;
        throw new HubError('invalid_request', `${path}: ${error.message}`, {
          errors: [{ path, rule: 'auth_ref', message: error.message }],
        });
      }
    },
  };
}

/** A bad reference in a stored integration is a matter of its set-up, not of the call that met it. */
function parse(authRef: string): AuthRef {
  try {
    return parseAuthRef(authRef);
  } catch (error) {
    throw new HubError('credential_unavailable', 'The integration has an AuthRef that cannot be read. Correct it.', {
      cause: error,
    });
  }
}

function pickField(text: string, { field }: AuthRef): string {
  if (field === undefined) return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unavailable('The reference names a #field, but what it points at is not JSON.');
  }
  const found =
    typeof value === 'object' && value !== null && Object.hasOwn(value, field)
      ? (value as Record<string, unknown>)[field]
      : undefined;
  if (typeof found !== 'string' || found === '')
    throw unavailable(`What it points at has no text in the field "${field}".`);
  return found;
}

function entry(request: ResolveRequest, source: Source): AuditRecord {
  return {
    actor: { kind: request.principal.kind, id: request.principal.id, name: request.principal.name },
    action: 'credential.access',
    target: { type: 'integration', id: request.integrationId },
    outcome: 'success',
    requestId: request.requestId,
    details: {
      authRef: request.authRef,
      ...(source.scope === 'integrations' && {
        credentialId: source.stored.id,
        version: source.stored.version,
        // Using another integration's credential is allowed within a tenant; it should be seen.
        ...(source.stored.integrationId !== request.integrationId && { borrowedFrom: source.stored.integrationId }),
      }),
    },
  };
}

function failure(request: ResolveRequest, error: HubError): AuditRecord {
  return {
    actor: { kind: request.principal.kind, id: request.principal.id, name: request.principal.name },
    action: 'credential.access',
    target: { type: 'integration', id: request.integrationId },
    outcome: 'failure',
    requestId: request.requestId,
    reason: error.message,
    details: { authRef: request.authRef, errorCode: error.code },
  };
}

function unavailable(message: string): HubError {
  return new HubError('credential_unavailable', message);
}

/** Says which reference failed; a reference is no secret. */
function named(error: HubError, authRef: string): HubError {
  if (error.code !== 'credential_unavailable') return error;
  return new HubError('credential_unavailable', `${authRef}: ${error.message}`, {
    details: { ...error.details, authRef },
    cause: error.cause ?? error,
  });
}
