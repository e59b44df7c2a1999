/** It only receives and calls nobody: what can be tried is the connection test and the check. */
import type { Counterpart } from '@inthub/connector-sdk/testing';

export async function startCounterpart(): Promise<Counterpart> {
  return { name: 'nobody', proof: 'real', respond: () => undefined, inputs: {}, stop: async () => {} };
}
