import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gate } from '../load-shedding.ts';
import { problemReply } from '../problems.ts';
import type { WholeAnswer } from '../raw-answer.ts';
import { requestIdOf } from '../request-id.ts';
import { deliveryReply } from '../routes/inbound-webhooks/delivery-reply.ts';
import type { Services } from '../services.ts';
import { readPlainDelivery } from './plain-request.ts';
import { readBody } from './read-body.ts';
import type { Refusing, TakeRequest } from './short-route.ts';

const before = '/v1/webhooks/';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const pathLength = before.length + 36;
/** Of all bodies that are held at one time, bytes; what is more goes the other way, where there is a bound too. */
const mostHeld = 64 << 20;

const refusing: Refusing = {
  pattern: `${before}:integrationId`,
  // The path holds no secret: one that does is not taken.
  refusal: (error, { request, requestId }) => problemReply(error, { requestId, url: request.url ?? '/' }),
};

export interface DeliveryRouteExits {
  readonly gate: Gate | null;
  answer(response: ServerResponse, requestId: string, answer: WholeAnswer): void;
  fail(refusing: Refusing, arrived: Arrived, requestId: string, thrown: Error): void;
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A delivery of an outside product, proved by what it brings and not by a caller of the hub: a route without authentication or schema. */
export function deliveryRoute(
  { inboundWebhooks: { receiver } }: Services,
  { gate, answer, fail }: DeliveryRouteExits,
): TakeRequest {
  let held = 0;

  return (request, response) => {
    const integrationId = idIn(request.url);
    const length = integrationId === undefined ? undefined : readPlainDelivery(request);
    if (integrationId === undefined || length === undefined || held + length > mostHeld) return false;
    if (gate !== null && !gate.enter(response)) return false;
    held += length;
    response.once('close', () => {
      held -= length;
    });
    readBody(request, length, (body) => void receive(integrationId, { request, response }, body));
    return true;
  };

  async function receive(integrationId: string, arrived: Arrived, body: Buffer): Promise<void> {
    const { request, response } = arrived;
    const requestId = requestIdOf(request);
    try {
      const outcome = await receiver.receive({
        integrationId,
        pathSecret: undefined,
        headers: request.headers,
        query: '',
        body,
        sourceAddress: request.socket.remoteAddress ?? '',
      });
      answer(response, requestId, deliveryReply(outcome));
    } catch (error) {
      fail(refusing, arrived, requestId, error as Error);
    }
  }
}

/** Of an address without a secret or a query. */
function idIn(url = ''): string | undefined {
  if (url.length !== pathLength || !url.startsWith(before)) return undefined;
  const id = url.slice(before.length);
  return uuid.test(id) ? id : undefined;
}
