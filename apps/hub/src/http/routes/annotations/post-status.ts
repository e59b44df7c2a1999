import { type ScmOperationResult, ScmStatusRequest } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function postStatus(app: App, { annotations }: Services): void {
  app.post(
    '/api/v1/integrations/:id/annotations/status',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'postStatus',
        tags: ['annotations'],
        summary: 'Set a commit status',
        description: 'A failure of the provider is a result (success: false), so that a pipeline goes on.',
        params: IdParams,
        body: ScmStatusRequest,
        response: responses(200, reference<ScmOperationResult>('ScmOperationResult')),
      },
    },
    async (request) =>
      annotations.postStatus({ ...acting(request), ...callOf(request) }, request.params.id, request.body),
  );
}
