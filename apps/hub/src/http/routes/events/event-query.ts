import { type IntegrationEvent, PageOf } from '@inthub/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { reference } from '../../schemas.ts';

export const TypePatternQuery = Type.Optional(
  Type.String({
    maxLength: 128,
    pattern: '^(\\*|[a-z0-9_]+(\\.[a-z0-9_]+)*(\\.\\*)?)$',
    description: 'Pattern: integration.paused, integration.* or *.',
  }),
);
export const SourceQuery = Type.Optional(
  Type.String({ minLength: 1, maxLength: 64, description: 'Integration id, or hub.' }),
);

export const EventPage = PageOf(reference<IntegrationEvent>('IntegrationEvent'));

/** CloudEvents 1.0, JSON format: one, and a page in the shape of the other lists. */
const cloudEventType = 'application/cloudevents+json';

/** Whether the caller asks for CloudEvents (github.com/cloudevents/spec, cloudevents/formats/json-format.md §3). */
export function wantsCloudEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes(cloudEventType);
}

/**
 * Sends a document in the form that was asked for. As text where it is CloudEvents: the schema of the answer describes the hub's own
 * envelope.
 */
export function inAskedForm<Body>(request: FastifyRequest, reply: FastifyReply, own: Body, cloud: () => unknown): Body {
  void reply.header('vary', 'accept');
  if (!wantsCloudEvents(request)) return own;
  void reply.type(`${cloudEventType}; charset=utf-8`).serializer(() => JSON.stringify(cloud()));
  return own;
}
