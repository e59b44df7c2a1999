import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { NewProfileBody, ProfileRef } from './schemas.ts';

export function createProfile(app: App, { catalog }: Services): void {
  app.post(
    '/api/v1/connection-profiles',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'createConnectionProfile',
        tags: ['connection-profiles'],
        summary: 'Save settings for reuse',
        body: NewProfileBody,
        response: responses(201, ProfileRef),
      },
    },
    async (request, reply) => {
      const profile = await catalog.profiles.create(acting(request), request.body);
      setETag(reply, profile.version);
      reply.header('location', `/api/v1/connection-profiles/${profile.id}`);
      return reply.code(201).send(profile);
    },
  );
}
