// What a call is called in metrics, logs, audit and traces. Labels come from what is installed, never from what a caller writes:
// callers must not make up new time series.
import { traceIdOf } from '../telemetry/telemetry.ts';
import type { CallState } from './call-state.ts';
import type { Target } from './target.ts';

export const auditActions: Readonly<Record<Target['kind'], string>> = {
  action: 'action.execute',
  connection_test: 'connection.test',
  check: 'connector.check',
  discovery: 'resource.discover',
  webhook: 'webhook.change',
};

export function connectorOf({ view, integration }: CallState): string {
  return view?.connectorId ?? integration?.connectorId ?? 'unknown';
}

export function actionOf({ plan, target }: CallState): string {
  return plan?.name ?? (target.kind === 'action' ? 'unknown' : auditActions[target.kind]);
}

/** The hub's own trace of the call, or the caller's that is only passed on. */
export function traceIdOfCall({ trace, call }: CallState): string | undefined {
  if (trace !== null) return trace.traceId;
  return call.traceparent === undefined ? undefined : traceIdOf(call.traceparent);
}
