export { type FollowEventsOptions, followEvents } from './follow-events.ts';
export * as api from './generated/sdk.gen.ts';
export type * from './generated/types.gen.ts';
export { HubApiError } from './hub-api-error.ts';
export { createHubClient, type HubClient, type HubClientOptions } from './hub-client.ts';
export { type StreamActionOptions, streamAction } from './stream-action.ts';
