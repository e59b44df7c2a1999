import { Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Answer = Type.Object({
  offline: Type.Boolean({ description: 'HUB_OFFLINE: nothing may be sent for any tenant.' }),
  attempts: Type.Integer({
    description: 'Requests and probes to outside hosts that this process has attempted since it started.',
  }),
  since: Timestamp,
});

/** The proof of sealed mode (BEY-9): whether anything was sent at all. */
export function getEgressProof(app: App, { egressProof }: Services): void {
  app.get(
    '/api/v1/platform/egress',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'getEgressProof',
        tags: ['operations'],
        summary: 'How often this process has called outside hosts',
        response: responses(200, Answer),
      },
    },
    async () => egressProof(),
  );
}
