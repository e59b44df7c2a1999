import type { ConnectorDefinition } from '@inthub/connector-sdk';
import type { Clock } from '@inthub/contracts';
import type { DestinationStream } from 'pino';
import type { GatewayDeps } from './gateway/gateway.ts';
import type { StopBounds } from './started-parts.ts';

/** A running hub. */
export interface Hub {
  /** Where it answers, for example http://127.0.0.1:8080 */
  readonly url: string;
  /** The admin key, when this start made it; it is never shown again. */
  readonly generatedKey: string | null;
  /** Refuses new work, finishes what is under way, writes out every batch, closes everything. May be called twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly clock?: Clock;
  /** Where log lines go; default standard output. */
  readonly logDestination?: DestinationStream;
  /** Other than those of started-parts.ts; for tests. */
  readonly stopBounds?: StopBounds;
  /** Other limits than the gateway's own (1 000 calls a second for a tenant); for load tests. */
  readonly limits?: GatewayDeps['limits'];
  /** Trusted as those that ship with the hub are; for load tests. */
  readonly connectors?: readonly ConnectorDefinition[];
}
