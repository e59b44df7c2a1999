/** The room's one way in: what arrives (receive/) and what is sent (dispatch/). */
export type { InboundDetail, InboundStatus, InboundSummary } from './receive/inbound-delivery.ts';
