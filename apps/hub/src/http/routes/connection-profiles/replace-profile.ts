import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ProfileRef, ReplaceProfileBody } from './schemas.ts';

/** PUT replaces every field that a caller may change: one that is left out goes back to its default. */
export function replaceProfile(app: App, { catalog }: Services): void {
  app.put(
    '/api/v1/connection-profiles/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'replaceConnectionProfile',
        tags: ['connection-profiles'],
        summary: 'Replace a connection profile',
        params: IdParams,
        headers: IfMatchHeaders,
        body: ReplaceProfileBody,
        response: responses(200, ProfileRef),
      },
    },
    async (request, reply) => {
      const version = requireIfMatch(request);
      const profile = await catalog.profiles.replace(acting(request), request.params.id, version, request.body);
      setETag(reply, profile.version);
      return reply.send(profile);
    },
  );
}
