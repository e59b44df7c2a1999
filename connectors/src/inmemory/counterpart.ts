/** There is no product behind it: the connector is its own counterpart. */
import type { Counterpart } from '@inthub/connector-sdk/testing';

export async function startCounterpart(): Promise<Counterpart> {
  return {
    name: 'itself, in memory',
    proof: 'real',
    respond: () => undefined,
    config: { resources: [{ type: 'repositories', id: 'team/app' }] },
    inputs: {
      'inmemory.echo': { value: 'Hello' },
      'inmemory.slow': { ms: 100 },
      'inmemory.counter': {},
      'inmemory.reads': {},
      'inmemory.resources': {},
      'inmemory.stream': { items: 2 },
    },
    stop: async () => {},
  };
}
