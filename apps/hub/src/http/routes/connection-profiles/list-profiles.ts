import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ProfileRef } from './schemas.ts';

const Query = Type.Object(
  { ...PageQuery.properties, type: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })) },
  { additionalProperties: false },
);

export function listProfiles(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/connection-profiles',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listConnectionProfiles',
        tags: ['connection-profiles'],
        summary: 'List connection profiles by name, then id',
        querystring: Query,
        response: responses(200, PageOf(ProfileRef)),
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const page = await catalog.profiles.list(request.principal.tenantId, filter, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
