import type { ActionContext } from '@inthub/connector-sdk';

/** What tells one product with this API from another. */
export interface OpenAiProduct {
  /** Connector id, also the key of its `providerOptions`. */
  readonly id: string;
  /** As operators know it. */
  readonly name: string;
  /** Field that limits the answer; older servers know only `max_tokens`. */
  readonly outputLimit: 'max_completion_tokens' | 'max_tokens';
  /** Headers beside the credential, from the integration's config. */
  headers(ctx: ActionContext): Readonly<Record<string, string>>;
}
