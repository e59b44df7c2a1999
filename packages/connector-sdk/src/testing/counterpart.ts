import type { CredentialMaterial } from '@inthub/contracts';
import type { Responder } from './exchange.ts';

/**
 * What a connector is tried against: a real server on this machine, an emulator or a fake. `connectors/src/<product>/counterpart.ts`
 * exports `startCounterpart`; `npm run try` and the connector's own tests start it.
 */
export interface Counterpart {
  /** For the person at the keyboard: `emulate 0.11.2`, `Distribution 2.8`. */
  readonly name: string;
  /** How much a success against it proves. */
  readonly proof: 'real' | 'emulator' | 'vendor description' | 'stub';
  readonly respond: Responder;
  /** Default the connector's first type. */
  readonly type?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credential?: CredentialMaterial;
  /** An input that works here, by action; what is missing has to be typed. */
  readonly inputs: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export type StartCounterpart = () => Promise<Counterpart>;
