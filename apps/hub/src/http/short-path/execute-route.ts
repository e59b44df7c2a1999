import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { Static } from 'typebox';
import { problemReply } from '../problems.ts';
import { jsonHeaders } from '../raw-answer.ts';
import { ActionBody, executePattern, failedAction } from '../routes/instances/execute-action.ts';
import type { Services } from '../services.ts';
import type { ShortRoute } from './short-route.ts';

const before = '/api/v1/connectors/instances/';
const after = '/execute';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const pathLength = before.length + 36 + after.length;
const noParams = Object.freeze({});

/** An action that is answered whole. */
export function executeRoute({ gateway }: Services, bodies: Ajv2020): ShortRoute<Static<typeof ActionBody>> {
  return {
    pattern: executePattern,
    scope: 'integrations.execute',
    check: bodies.compile(ActionBody),
    match({ url = '', headers }) {
      if (url.length !== pathLength || !url.startsWith(before) || !url.endsWith(after)) return undefined;
      const instanceId = url.slice(before.length, -after.length);
      return uuid.test(instanceId) && headers.accept?.includes('text/event-stream') !== true ? instanceId : undefined;
    },
    run({ request, principal, requestId, named, body, abort, send }) {
      const { action, params = noParams, timeoutMs } = body;
      const call = { principal, integrationId: named, requestId, abort, action, params };
      return gateway.execute(timeoutMs === undefined ? call : { ...call, timeoutMs }).then(({ result, error }) => {
        if (error === undefined) send({ status: 200, headers: jsonHeaders, body: JSON.stringify(result) });
        else send(problemReply(error, { requestId, url: request.url ?? '/' }, failedAction(result)));
      });
    },
    refusal: (error, { request, requestId }) => problemReply(error, { requestId, url: request.url ?? '/' }),
  };
}
