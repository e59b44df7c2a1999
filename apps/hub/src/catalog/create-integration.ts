import { createId, type IntegrationId } from '@inthub/contracts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting, CatalogType, NewIntegration } from './catalog-types.ts';
import { type ChangeEvent, consequences } from './change-events.ts';
import { checkCredentialInput, requireCredential } from './check-credential.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { insertIntegration } from './integration-repository.ts';
import { legalState } from './move-integration.ts';
import {
  normaliseDescription,
  normaliseEnvironment,
  normaliseFeatures,
  normaliseName,
  normaliseOwner,
  normaliseTags,
} from './normalise.ts';
import { auditView } from './present-integration.ts';
import { applyProfile, auditReuse, noteUse } from './profiles/use-profile.ts';
import { nameTaken, recordChange, save } from './record-change.ts';
import { storeCredential } from './store-credential.ts';

export async function createIntegration(
  ctx: CatalogContext,
  acting: Acting,
  given: NewIntegration,
): Promise<IntegrationRecord> {
  const { input, use } = await applyProfile(ctx, acting, given);
  const type = ctx.types.require(input.type);
  const draft = toDraft(ctx, acting, type, input);
  checkCredentialInput(type, draft.config.authMode, input);
  const hasCredential = input.credentials !== undefined || input.authRef !== undefined;
  if (input.submit === true && !hasCredential) requireCredential(type, draft.config.authMode, null);

  return ctx.database.tenant(acting.principal.tenantId, async (tx) => {
    // The row first: it waits for another creation of the same name before any lock of vault or audit is held.
    if (!(await insertIntegration(tx, draft))) throw nameTaken(draft.name);
    if (use !== undefined) await noteUse(ctx, tx, use);
    const equipped = { ...draft, ...(await storeCredential(ctx, tx, acting, type, draft, input)) };
    const created = input.submit === true ? { ...equipped, ...legalState(equipped, 'submit') } : equipped;
    await save(tx, draft, created);
    if (created.status !== 'draft') await ctx.schedule.checkNow(tx, [created.id]);

    const events: ChangeEvent[] = [{ type: 'integration.created', data: { status: created.status } }];
    if (input.submit === true) events.push({ type: 'integration.submitted', data: { status: created.status } });
    await recordChange(ctx, tx, {
      acting,
      integration: created,
      events: [...events, ...consequences(draft, created)],
      action: 'integration.create',
      audit: {
        after: auditView(created),
        ...(use === undefined ? {} : { details: { profileId: use.profile.id } }),
      },
    });
    if (use !== undefined) await auditReuse(ctx, tx, acting, created, use);
    return created;
  });
}

function toDraft(
  ctx: CatalogContext,
  { principal }: Acting,
  type: CatalogType,
  input: NewIntegration,
): IntegrationRecord {
  const now = ctx.clock.now();
  return {
    id: createId<IntegrationId>(),
    tenantId: principal.tenantId,
    type: type.id,
    category: type.manifest.category,
    connectorId: type.connectorId,
    connectorVersion: type.connectorVersion,
    name: normaliseName(input.name),
    description: normaliseDescription(input.description),
    config: ctx.configs.check(type, input.config),
    authRef: null,
    credentialKind: null,
    environment: normaliseEnvironment(input.environment),
    tags: normaliseTags(input.tags ?? []),
    ownerId: normaliseOwner(input.ownerId),
    status: 'draft',
    statusReason: null,
    pauseReason: null,
    pauseTicket: null,
    approvedBy: null,
    health: 'unknown',
    lastTestedAt: null,
    lastTestSuccess: null,
    lastError: null,
    consecutiveFailures: 0,
    features: normaliseFeatures(input.features),
    rateLimits: input.rateLimits ?? {},
    createdAt: now,
    createdBy: principal.id,
    modifiedAt: now,
    modifiedBy: principal.id,
    version: 1,
  };
}
