import { FindingsRequest, FindingsResult } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { longBodyLimit } from './long-body.ts';

export function publishFindings(app: App, { annotations }: Services): void {
  app.post(
    '/api/v1/integrations/:id/annotations/findings',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'publishFindings',
        tags: ['annotations'],
        summary: 'Findings or a SARIF log as comment, status and check run',
        params: IdParams,
        body: FindingsRequest,
        response: responses(200, FindingsResult),
      },
      bodyLimit: longBodyLimit,
    },
    async (request) =>
      annotations.publishFindings({ ...acting(request), ...callOf(request) }, request.params.id, request.body),
  );
}
