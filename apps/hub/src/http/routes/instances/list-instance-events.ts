import { type IntegrationEvent, PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    ...PageQuery.properties,
    type: Type.Optional(
      Type.String({
        maxLength: 128,
        pattern: '^(\\*|[a-z0-9_]+(\\.[a-z0-9_]+)*(\\.\\*)?)$',
        description: 'Pattern: integration.paused, integration.* or *.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function listInstanceEvents(app: App, { catalog, events }: Services): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId/events',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'listInstanceEvents',
        tags: ['connectors'],
        summary: 'List an instance’s events, newest first',
        params: InstanceParams,
        querystring: Query,
        response: responses(200, PageOf(reference<IntegrationEvent>('IntegrationEvent'))),
      },
    },
    async (request) => {
      const { tenantId } = request.principal;
      const { cursor, limit, type } = request.query;
      const integration = await catalog.get(tenantId, request.params.instanceId);
      const page = await events.list(tenantId, {
        source: integration.id,
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
        ...(type === undefined ? {} : { type }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
