import type { ConnectionTestResult } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** Tests the connection now; the outcome moves the lifecycle (a passed test of a submitted integration activates it). */
export function testIntegration(app: App, { testConnection }: Services): void {
  app.post(
    '/api/v1/integrations/:id/test',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'testIntegration',
        tags: ['integrations'],
        summary: 'Test the connection',
        params: IdParams,
        response: responses(200, reference<ConnectionTestResult>('ConnectionTestResult')),
      },
    },
    async (request) => testConnection(acting(request), request.params.id, callOf(request)),
  );
}
