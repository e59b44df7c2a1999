import type { ConnectorCheck } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { behave, type Memory } from './behaviour.ts';

export function createChecks(memory: Memory): readonly ConnectorCheck[] {
  return [
    {
      id: 'inmemory.reachable',
      title: 'The double answers',
      async run(ctx) {
        try {
          await behave('connection', memory, ctx);
          return { status: 'pass', message: 'The in-memory double answers.' };
        } catch (error) {
          const { code, message } = HubError.from(error);
          const suggestions = ['Remove failure from the config of the integration, or set its scope to actions.'];
          return { status: 'fail', message, details: { code }, suggestions };
        }
      },
    },
  ];
}
