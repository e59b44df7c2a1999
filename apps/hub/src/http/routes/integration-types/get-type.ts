import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { type IntegrationType, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { presentType } from './present-type.ts';

export function getType(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/integration-types/:type',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getIntegrationType',
        tags: ['integration types'],
        summary: 'Get a type with its configuration schema',
        params: Type.Object({ type: Type.String({ maxLength: 128 }) }),
        response: responses(200, reference<IntegrationType>('IntegrationType')),
      },
    },
    async (request) => presentType(catalog.getType(request.params.type)),
  );
}
