// The spans of one call: the call, below it one for each stage that did work, below `execute` one for each request that went out.
import { type Clock, HubError } from '@inthub/contracts';
import type { EgressAttempt } from '../egress/egress.ts';
import type { Span, Tracer } from '../telemetry/telemetry.ts';
import { actionOf, connectorOf } from './call-labels.ts';
import type { CallTrace } from './call-state.ts';
import { isPromise } from './maybe-promise.ts';
import type { Stage } from './stages/stage.ts';

/** @param traceparent Of the caller. */
export function beginTrace(tracer: Tracer, traceparent: string | undefined, startMs: number): CallTrace {
  const span = tracer.start('gateway', { parent: traceparent, startMs });
  let execute: Span | undefined;
  return {
    traceId: span.traceId,
    stage(name, stageStartMs, error) {
      if (!span.isRecording) return;
      tracer.start(name, { parent: span.traceparent, startMs: stageStartMs }).end({ error: codeOf(error) });
    },
    executing() {
      execute = tracer.start('execute', { parent: span.traceparent });
    },
    settling({ thrown }) {
      execute?.end({ error: codeOf(thrown?.error) });
    },
    attempt(start) {
      const sent = tracer.start(start.method, {
        kind: 'client',
        parent: (execute ?? span).traceparent,
        attributes: {
          'http.request.method': start.method,
          'server.address': start.host,
          'inthub.attempt': start.attempt,
          'inthub.purpose': start.purpose,
        },
      });
      return {
        traceparent: sent.traceparent,
        end: (attempt) => sent.end({ attributes: answerOf(attempt), error: attempt.errorCode ?? statusError(attempt) }),
      };
    },
    end(state) {
      if (!span.isRecording) return span.end();
      const { call, integration, outcome, cached, apiCalls } = state;
      const error = outcome?.ok === false ? outcome.error : undefined;
      span.end({
        name: `gateway ${actionOf(state)}`,
        attributes: {
          'inthub.tenant.id': call.principal.tenantId,
          'inthub.request.id': call.requestId,
          'inthub.integration.id': integration?.id,
          'inthub.connector': connectorOf(state),
          'inthub.action': actionOf(state),
          'inthub.cached': cached,
          'inthub.api_calls': apiCalls,
          'inthub.blame': error?.blame,
        },
        error: error?.code,
      });
    },
  };
}

/** A stage whose waiting, refusing and answering can be seen in the trace; what it does in passing leaves no span. */
export function traced(stage: Stage, clock: Clock): Stage {
  return {
    name: stage.name,
    run(state) {
      const { trace, outcome } = state;
      if (trace === null) return stage.run(state);
      const startMs = clock.monotonicMs();
      const failed = (error: unknown) => {
        trace.stage(stage.name, startMs, error);
        throw error;
      };
      try {
        const pending = stage.run(state);
        if (isPromise(pending)) return pending.then(() => trace.stage(stage.name, startMs), failed);
      } catch (error) {
        return failed(error);
      }
      if (state.outcome !== outcome) trace.stage(stage.name, startMs);
    },
  };
}

function codeOf(error: unknown): string | undefined {
  return error === undefined ? undefined : HubError.from(error).code;
}

function answerOf({ status, requestBytes, responseBytes }: EgressAttempt) {
  return {
    'http.response.status_code': status ?? undefined,
    'http.request.body.size': requestBytes,
    'http.response.body.size': responseBytes,
  };
}

/** A status that the convention for HTTP spans calls an error; it is named by its number there. */
function statusError({ status }: EgressAttempt): string | undefined {
  return status !== null && status >= 400 ? String(status) : undefined;
}
