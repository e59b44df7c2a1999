import type { KeptAnnotation, ScmOperationResult } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const KeptParams = Type.Object({
  ...IdParams.properties,
  keptId: Type.String({ format: 'uuid', description: 'Id of the kept annotation.' }),
});

/** Looking at, posting later and giving up what was kept while the hub was offline. */
export function keptAnnotation(app: App, { annotations }: Services): void {
  app.get(
    '/api/v1/integrations/:id/annotations/:keptId',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getKeptAnnotation',
        tags: ['annotations'],
        summary: 'A kept annotation with its payload',
        params: KeptParams,
        response: responses(200, reference<KeptAnnotation>('KeptAnnotation')),
      },
    },
    async (request) => annotations.getKept(request.principal.tenantId, request.params.id, request.params.keptId),
  );
  app.post(
    '/api/v1/integrations/:id/annotations/:keptId/post',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'postKeptAnnotation',
        tags: ['annotations'],
        summary: 'Post a kept annotation now',
        params: KeptParams,
        response: responses(200, reference<ScmOperationResult>('ScmOperationResult')),
      },
    },
    async (request) =>
      annotations.postKept({ ...acting(request), ...callOf(request) }, request.params.id, request.params.keptId),
  );
  app.delete(
    '/api/v1/integrations/:id/annotations/:keptId',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'removeKeptAnnotation',
        tags: ['annotations'],
        summary: 'Remove a kept annotation, posted or not',
        params: KeptParams,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await annotations.removeKept(
        { ...acting(request), ...callOf(request) },
        request.params.id,
        request.params.keptId,
      );
      return reply.code(204).send(null);
    },
  );
}
