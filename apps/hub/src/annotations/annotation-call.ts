import type { Principal } from '@inthub/contracts';

/** Who posts, and on whose time. */
export interface AnnotationCall {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
}
