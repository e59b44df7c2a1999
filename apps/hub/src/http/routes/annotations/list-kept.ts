import { type KeptAnnotation, PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function listKeptAnnotations(app: App, { annotations }: Services): void {
  app.get(
    '/api/v1/integrations/:id/annotations',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listKeptAnnotations',
        tags: ['annotations'],
        summary: 'Annotations that were kept while the hub was offline, newest first',
        params: IdParams,
        querystring: Type.Object(
          { ...PageQuery.properties, state: Type.Optional(Type.Enum(['kept', 'posted'])) },
          { additionalProperties: false },
        ),
        response: responses(200, PageOf(reference<KeptAnnotation>('KeptAnnotation'))),
      },
    },
    async (request) => {
      const { cursor, limit, state } = request.query;
      const page = await annotations.listKept(request.principal.tenantId, request.params.id, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
        ...(state === undefined ? {} : { state }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
