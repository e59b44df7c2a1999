import { ScmCommentRequest, type ScmOperationResult } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { longBodyLimit } from './long-body.ts';

export function postComment(app: App, { annotations }: Services): void {
  app.post(
    '/api/v1/integrations/:id/annotations/comment',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'postComment',
        tags: ['annotations'],
        summary: "Post or update the hub's comment on a pull request",
        description: 'A failure of the provider is a result (success: false), so that a pipeline goes on.',
        params: IdParams,
        body: ScmCommentRequest,
        response: responses(200, reference<ScmOperationResult>('ScmOperationResult')),
      },
      bodyLimit: longBodyLimit,
    },
    async (request) =>
      annotations.postComment({ ...acting(request), ...callOf(request) }, request.params.id, request.body),
  );
}
