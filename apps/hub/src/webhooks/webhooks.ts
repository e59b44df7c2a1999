/** The room's one way in: what arrives (receive/) and what is sent (dispatch/). */
// biome-ignore-start lint/performance/noBarrelFile: a room is entered by its service file only, so what others need is named here.
export {
  type AllDeadLetters,
  createAllDeadLetters,
  type DeadLetterKind,
  deadLetterKinds,
} from './dead-letters.ts';
export { createOutgoingWebhooks, type OutgoingWebhooks, type OutgoingWebhooksDeps } from './dispatch/dispatch.ts';
export type { EndpointView, EndpointWithSecret, WebhookKind } from './receive/endpoint-views.ts';
export {
  type InboundDetail,
  type InboundStatus,
  type InboundSummary,
  inboundStatuses,
} from './receive/inbound-delivery.ts';
export { inboundChannel } from './receive/ingest-repository.ts';
export { createInboundWebhooks, type InboundWebhooks } from './receive/receive.ts';
export { type AcceptedDelivery, defaultBodyLimit } from './receive/receiver.ts';
// biome-ignore-end lint/performance/noBarrelFile: see above.
