import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ProfileRef } from './schemas.ts';

export function getProfile(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/connection-profiles/:id',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getConnectionProfile',
        tags: ['connection-profiles'],
        summary: 'Get a connection profile',
        params: IdParams,
        response: responses(200, ProfileRef),
      },
    },
    async (request, reply) => {
      const profile = await catalog.profiles.get(request.principal.tenantId, request.params.id);
      setETag(reply, profile.version);
      return reply.send(profile);
    },
  );
}
