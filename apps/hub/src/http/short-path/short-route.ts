import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HubError, Principal, Scope } from '@inthub/contracts';
import type { ValidateFunction } from 'ajv';
import type { WholeAnswer } from '../raw-answer.ts';

/** Says whether it has taken the request; one that it has not taken is untouched. */
export type TakeRequest = (request: IncomingMessage, response: ServerResponse) => boolean;

/** How a route says no. */
export interface Refusing {
  /** As Fastify knows it; for the log. */
  readonly pattern: string;
  refusal(error: HubError, call: Pick<ShortCall, 'request' | 'requestId'>): WholeAnswer;
}

/** A route that is answered beside Fastify where a request comes in the usual form. */
export interface ShortRoute<Body = unknown> extends Refusing {
  readonly scope: Scope;
  /** The body's own schema. */
  readonly check: ValidateFunction<Body>;
  /** What the path names (empty where it names nothing); undefined: not this route, or not in the usual form. */
  match(request: IncomingMessage): string | undefined;
  /** Answers. @throws what `refusal` makes a reply of. */
  run(call: ShortCall<Body>): Promise<void>;
}

export interface ShortCall<Body = unknown> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly requestId: string;
  /** What `match` found. */
  readonly named: string;
  readonly body: Body;
  /** Aborts when the caller goes away before its answer has gone out. */
  readonly abort: AbortController;
  /** A whole answer. */
  send(reply: WholeAnswer): void;
}
