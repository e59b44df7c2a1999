// Stage 10: every call leaves one count in the metrics and one record in the audit, whichever stage ended it.
import type { AuditRecord } from '../../audit/audit.ts';
import { providerFaultOf } from '../../egress/egress.ts';
import type { Log, Metrics } from '../../telemetry/telemetry.ts';
import type { AuditQueue } from '../audit-queue.ts';
import { actionOf, auditActions, connectorOf, traceIdOfCall } from '../call-labels.ts';
import { type CallState, hasSucceeded } from '../call-state.ts';
import { roundMs } from '../round-ms.ts';
import type { Stage } from './stage.ts';

/** Of the raw answer, in characters. */
const maxAnswerLength = 2_000;

export interface MeterAndAuditDeps {
  readonly metrics: Metrics;
  readonly audit: AuditQueue;
  readonly log: Log;
}

export function createMeterAndAudit({ metrics, audit, log }: MeterAndAuditDeps): Stage {
  return {
    name: 'meter_and_audit',
    run(state) {
      meter(state, metrics);
      logFailure(state, log);
      if (state.auditPlace) {
        state.auditPlace = false;
        audit.put(state.call.principal.tenantId, recordOf(state));
      }
    },
  };
}

function meter(state: CallState, metrics: Metrics): void {
  const { call, outcome, target, durationMs } = state;
  const tenant = call.principal.tenantId;
  const connector = connectorOf(state);
  const action = actionOf(state);
  const succeeded = hasSucceeded(state);
  metrics.requests.inc({ tenant, connector, action, status: succeeded ? 'success' : 'error' });
  metrics.requestDurationMs.observe({ tenant, connector, action }, durationMs);
  if (outcome?.ok === false) metrics.errors.inc({ tenant, connector, action, error_code: outcome.error.code });
  if (state.rateLimitRemaining !== null)
    metrics.rateLimitRemaining.set({ tenant, connector }, state.rateLimitRemaining);
  if (target.kind === 'connection_test' && state.executed) {
    metrics.testConnectionSeconds.observe({ provider: connector }, durationMs / 1_000);
  }
}

/** A critical connector's failure is an error to the operator (GW-8), and so is the hub's own; others are told quietly. */
function logFailure(state: CallState, log: Log): void {
  const { outcome, view, call, admitted } = state;
  if (outcome === null || outcome.ok || !admitted) return;
  const { error } = outcome;
  const critical = view?.critical ?? false;
  const traceId = traceIdOfCall(state);
  const fields = {
    integrationId: call.integrationId,
    provider: connectorOf(state),
    operation: actionOf(state),
    requestId: call.requestId,
    ...(traceId === undefined ? {} : { traceId }),
    code: error.code,
    blame: error.blame,
    critical,
  };
  if (critical || error.blame === 'hub') log.error({ ...fields, err: error.cause ?? error }, 'call failed');
  else log.info(fields, 'call failed');
}

function recordOf(state: CallState): AuditRecord {
  const { call, integration, target, admitted } = state;
  const { kind, id, name } = call.principal;
  return {
    actor: { kind, id, name },
    action: auditActions[target.kind],
    target: {
      type: 'integration',
      id: integration?.id ?? safeText(call.integrationId, 64),
      ...(integration === null ? {} : { name: integration.name }),
    },
    outcome: hasSucceeded(state) ? 'success' : admitted ? 'failure' : 'denied',
    requestId: call.requestId,
    details: detailsOf(state),
  };
}

/** Fields in alphabetical order, here and in `attemptOf`: the audit then need not sort them. */
function detailsOf(state: CallState): Record<string, unknown> {
  const { target, outcome, view, attempts } = state;
  const error = outcome?.ok === false ? outcome.error : undefined;
  const details: Record<string, unknown> = {};
  if (target.kind === 'action') details['action'] = safeText(target.action, 128);
  details['apiCalls'] = state.apiCalls;
  if (attempts.length > 0) details['attempts'] = attempts.map(attemptOf);
  if (error !== undefined) details['blame'] = error.blame;
  details['cached'] = state.cached;
  if (target.kind === 'check') details['check'] = safeText(target.checkId, 128);
  if (error !== undefined) details['code'] = error.code;
  details['connector'] = connectorOf(state);
  if (state.cost !== null) details['cost'] = { ...state.cost };
  if (view?.critical === true) details['critical'] = true;
  details['durationMs'] = roundMs(state.durationMs);
  if (target.kind === 'action' && target.idempotencyKey !== undefined) {
    details['idempotencyKey'] = safeText(target.idempotencyKey, 255);
  }
  if (error?.details['limitType'] !== undefined) details['limitType'] = error.details['limitType'];
  if (error !== undefined) details['message'] = safeText(error.message, 1_000);
  const answer = error === undefined || state.plan?.sensitive === true ? undefined : providerFaultOf(error);
  if (answer !== undefined) details['providerAnswer'] = shownAnswer(answer);
  if (target.kind === 'discovery') details['resourceType'] = safeText(target.resourceType, 128);
  if (state.tokensUsed !== null) details['tokensUsed'] = state.tokensUsed;
  const traceId = traceIdOfCall(state);
  if (traceId !== undefined) details['traceId'] = traceId;
  if (target.kind === 'webhook') {
    details['webhook'] = safeText(target.webhookId, 128);
    details['webhookChange'] = target.change.kind;
  }
  return details;
}

/** What the provider said, which the caller does not see: the audit is where an operator looks for it. */
function shownAnswer({ status, contentType, body }: NonNullable<ReturnType<typeof providerFaultOf>>): object {
  return {
    body: safeText(body, maxAnswerLength),
    ...(contentType === undefined ? {} : { contentType: safeText(contentType, 128) }),
    status,
  };
}

function attemptOf({
  method,
  host,
  path,
  attempt,
  purpose,
  status,
  errorCode,
  durationMs,
  requestBytes,
  responseBytes,
}: CallState['attempts'][number]) {
  return {
    attempt,
    durationMs: roundMs(durationMs),
    errorCode,
    host,
    method,
    path: path.slice(0, 300),
    purpose,
    requestBytes,
    responseBytes,
    status,
  };
}

/** What a caller wrote, fit for a text column. */
function safeText(text: string, length: number): string {
  return text.slice(0, length).toWellFormed().replaceAll('\u0000', '');
}
