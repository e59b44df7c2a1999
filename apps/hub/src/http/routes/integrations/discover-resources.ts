import { PageOf, PageQuery, pageLimits, type Resource } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    ...PageQuery.properties,
    type: Type.String({ minLength: 1, maxLength: 64, description: 'Resource type: repositories, tags, projects, …' }),
    parent: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Id of the resource whose children are asked for.' }),
    ),
  },
  { additionalProperties: false },
);

export function discoverResources(app: App, { gateway }: Services): void {
  app.get(
    '/api/v1/integrations/:id/resources',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'discoverResources',
        tags: ['integrations'],
        summary: 'Discover what the product holds',
        params: IdParams,
        querystring: Query,
        response: responses(200, PageOf(reference<Resource>('Resource'))),
      },
    },
    async (request) => {
      const { type, parent, cursor, limit } = request.query;
      const page = await gateway.discover({
        principal: request.principal,
        integrationId: request.params.id,
        requestId: request.id,
        ...callOf(request),
        resourceType: type,
        limit: limit ?? pageLimits.default,
        ...(parent === undefined ? {} : { parent }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
