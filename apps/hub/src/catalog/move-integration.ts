import { HubError, type LifecycleMove, type LifecycleState, type OperatorMove, transition } from '@inthub/contracts';
import type { CatalogContext } from './catalog-context.ts';
import type { Acting } from './catalog-types.ts';
import { type ChangeEvent, consequences } from './change-events.ts';
import { requireCredential } from './check-credential.ts';
import { type IntegrationRecord, lifecycleOf } from './integration-record.ts';
import { lockExisting, recordChange, save } from './record-change.ts';

export type Move =
  | { readonly move: 'submit' | 'activate' | 'resume' }
  | { readonly move: 'pause'; readonly reason: string; readonly ticket: string | null };

const eventOf = {
  submit: 'integration.submitted',
  activate: 'integration.activated',
  pause: 'integration.paused',
  resume: 'integration.resumed',
} as const;

/** A lifecycle move that a person asks for. @throws HubError `illegal_transition` with the state and the legal moves, `approval_required` */
export async function moveIntegration(
  ctx: CatalogContext,
  acting: Acting,
  id: string,
  request: Move,
): Promise<IntegrationRecord> {
  const { principal } = acting;
  const { move } = request;
  return ctx.database.tenant(principal.tenantId, async (tx) => {
    const before = await lockExisting(tx, id);
    const approvalRequired = move === 'activate' && (await ctx.approvalRequired(tx));
    const state = legalState(before, move, { approvalRequired, actor: principal.id });
    if (approvalRequired && before.createdBy === principal.id) throw ownApproval();
    if (move === 'submit') requireWayIn(ctx, before);

    const after: IntegrationRecord = {
      ...before,
      ...withConnector(ctx, before, state),
      pauseReason: request.move === 'pause' ? request.reason : null,
      pauseTicket: request.move === 'pause' ? request.ticket : null,
      version: before.version + 1,
      modifiedAt: ctx.clock.now(),
      modifiedBy: principal.id,
    };
    await save(tx, before, after);
    if (move === 'pause') await ctx.schedule.stop(tx, id);
    else await ctx.schedule.checkNow(tx, [id]);

    const data = { pauseReason: after.pauseReason, pauseTicket: after.pauseTicket, approvedBy: after.approvedBy };
    const own: ChangeEvent = { type: eventOf[move], data };
    await recordChange(ctx, tx, {
      acting,
      integration: after,
      events: [own, ...consequences(before, after).filter(({ type }) => type !== own.type)],
      action: `integration.${move}`,
      audit: {
        before: { status: before.status },
        after: { status: after.status },
        ...(request.move === 'pause' ? { reason: request.reason } : {}),
        ...(request.move === 'pause' && request.ticket !== null ? { ticket: request.ticket } : {}),
        ...(move === 'activate' ? { approver: principal.id } : {}),
      },
    });
    return after;
  });
}

/** What the lifecycle table makes of a move. @throws HubError `illegal_transition` */
export function legalState(
  before: IntegrationRecord,
  move: LifecycleMove,
  policy: { approvalRequired: boolean; actor?: string } = { approvalRequired: false },
): LifecycleState {
  const result = transition(lifecycleOf(before), move, policy);
  if (result.legal) return result.state;
  const legalMoves: readonly OperatorMove[] = result.legalMoves;
  throw new HubError('illegal_transition', result.reason, { details: { status: before.status, legalMoves } });
}

/** Back in use without its connector: it says so at once, instead of waiting for calls to fail. */
function withConnector(
  ctx: CatalogContext,
  before: IntegrationRecord,
  state: LifecycleState,
): Partial<IntegrationRecord> {
  if (state.status !== 'active' || ctx.types.find(before.type) !== undefined) return state;
  const lost = legalState({ ...before, ...state }, 'connector_lost');
  return { ...lost, lastError: connectorMissing(before) };
}

export function connectorMissing({ connectorId, type }: IntegrationRecord): string {
  return `Connector ${connectorId}, which offers ${type}, is not loaded. Install it again, or uninstall the integration.`;
}

function requireWayIn(ctx: CatalogContext, { type, config, authRef }: IntegrationRecord): void {
  const known = ctx.types.find(type);
  if (known) requireCredential(known, config.authMode, authRef);
}

function ownApproval(): HubError {
  return new HubError(
    'approval_required',
    'Whoever created the integration cannot approve it: somebody else has to activate it.',
  );
}
