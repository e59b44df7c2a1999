import { ScmCheckRunRequest, type ScmOperationResult } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { longBodyLimit } from './long-body.ts';

export function createCheckRun(app: App, { annotations }: Services): void {
  app.post(
    '/api/v1/integrations/:id/annotations/check-run',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'createCheckRun',
        tags: ['annotations'],
        summary: 'Report a check with annotations on lines',
        description: 'A failure of the provider is a result (success: false), so that a pipeline goes on.',
        params: IdParams,
        body: ScmCheckRunRequest,
        response: responses(200, reference<ScmOperationResult>('ScmOperationResult')),
      },
      bodyLimit: longBodyLimit,
    },
    async (request) =>
      annotations.createCheckRun({ ...acting(request), ...callOf(request) }, request.params.id, request.body),
  );
}
