import type { Principal } from '@inthub/contracts';

/** Who acts, and for which request; goes into audit and events. */
export interface Acting {
  readonly principal: Principal;
  readonly requestId: string;
}
