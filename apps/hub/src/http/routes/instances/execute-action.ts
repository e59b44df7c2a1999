import { type ActionResult, type HubError, invalidField } from '@inthub/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { sendEventStream } from '../../event-stream.ts';
import type { App } from '../../fastify-types.ts';
import { abortableCallOf } from '../../gateway-call.ts';
import { InstanceParams } from '../../parameters.ts';
import { sendProblem } from '../../problems.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export const executePattern = '/api/v1/connectors/instances/:instanceId/execute';
export const ActionBody = Type.Object(
  {
    action: Type.String({ minLength: 1, maxLength: 128, examples: ['tag.list'] }),
    params: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 300_000 })),
  },
  { additionalProperties: false },
);
const Headers = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'Same key and body: the first result again.' })),
});
const idempotencyKey = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs one action through the gateway. With `Accept: text/event-stream` the answer streams, once there is something to stream. A
 * failed call is a problem document that also carries the members of the action result; one that fails later ends with an `error`
 * event.
 */
export function executeAction(app: App, { gateway }: Services): void {
  app.post(
    executePattern,
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'executeAction',
        tags: ['connectors'],
        summary: 'Run an action',
        params: InstanceParams,
        headers: Headers,
        body: ActionBody,
        response: responses(200, reference<ActionResult>('ActionResult')),
      },
    },
    async (request, reply) => {
      const { action, params, timeoutMs } = request.body;
      const key = request.headers['idempotency-key'];
      // The draft's structured-field string has quotes; both forms name the same key.
      const plainKey = key?.replace(/^"(.*)"$/, '$1');
      if (plainKey !== undefined && !idempotencyKey.test(plainKey)) {
        throw invalidField(
          '/headers/idempotency-key',
          'must be 1 to 255 printable ASCII characters',
          'idempotency_key',
        );
      }
      const call = {
        principal: request.principal,
        integrationId: request.params.instanceId,
        requestId: request.id,
        ...abortableCallOf(request),
        action,
        params: params ?? {},
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(plainKey === undefined ? {} : { idempotencyKey: plainKey }),
      };
      if (request.headers.accept?.includes('text/event-stream')) {
        const stream = gateway.stream(call);
        const events = stream[Symbol.asyncIterator]();
        // Waited for, so that what is refused or fails at once still has its status.
        const first = await events.next();
        const { result, error } = stream.outcome ?? {};
        if (result !== undefined && error !== undefined) return fail(request, reply, { result, error });
        return sendEventStream(reply, first, events);
      }
      const { result, error } = await gateway.execute(call);
      return error === undefined ? reply.send(result) : fail(request, reply, { result, error });
    },
  );
}

interface FailedAction {
  readonly result: ActionResult;
  readonly error: HubError;
}

function fail(request: FastifyRequest, reply: FastifyReply, { result, error }: FailedAction): FastifyReply {
  return sendProblem(reply, request, error, failedAction(result));
}

/** The members of the result that the problem document of a failed action carries too. */
export function failedAction({ error, metadata }: ActionResult): object {
  return { success: false, data: null, error, metadata };
}
