import type { ConnectorCheck } from '@inthub/connector-sdk';

export const checks: readonly ConnectorCheck[] = [
  {
    id: 'webhook.reachable',
    title: 'Receives only',
    run: async () => ({
      status: 'pass',
      message: 'This integration calls nobody; whether deliveries arrive is shown by its list of deliveries.',
    }),
  },
];
