import Type from 'typebox';
import { Money } from './money.ts';

/** What an action call reports about itself (GW-1). */
export const ActionMetadata = Type.Object({
  durationMs: Type.Number(),
  apiCalls: Type.Integer({ description: 'Requests sent to the provider, retries and token exchanges included.' }),
  tokensUsed: Type.Optional(Type.Integer()),
  cost: Type.Optional(Money),
  rateLimitRemaining: Type.Optional(Type.Integer()),
  rateLimitResetAt: Type.Optional(Type.String({ format: 'date-time' })),
  cached: Type.Boolean(),
});
export type ActionMetadata = Type.Static<typeof ActionMetadata>;

export const ActionError = Type.Object({
  code: Type.String(),
  message: Type.String(),
  retryable: Type.Boolean(),
  retryAfterMs: Type.Optional(Type.Integer()),
});
export type ActionError = Type.Static<typeof ActionError>;

/** The result of `gateway.execute`. */
export const ActionResult = Type.Object(
  {
    success: Type.Boolean(),
    data: Type.Unknown(),
    error: Type.Optional(ActionError),
    metadata: ActionMetadata,
  },
  { $id: 'ActionResult' },
);
export type ActionResult = Type.Static<typeof ActionResult>;

/** What a streaming action yields; sent as SSE with `type` as the event name. */
export type ActionEvent =
  | { readonly type: 'progress'; readonly message: string; readonly percent: number }
  | { readonly type: 'data'; readonly chunk: unknown }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'complete'; readonly summary: unknown }
  | { readonly type: 'error'; readonly error: { readonly code: string; readonly message: string } };
