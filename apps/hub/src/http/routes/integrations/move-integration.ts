import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { IntegrationRef, PauseBody, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const moves = [
  { move: 'submit', summary: 'Submit a draft for verification' },
  { move: 'activate', summary: 'Approve and activate a verified integration' },
  { move: 'resume', summary: 'Resume a paused integration and check it at once' },
] as const;

/** The lifecycle moves that a person asks for (CAT-3); an illegal one answers 409 with the legal ones. */
export function moveIntegration(app: App, { catalog }: Services): void {
  for (const { move, summary } of moves) {
    app.post(
      `/api/v1/integrations/:id/${move}`,
      {
        config: { access: 'integrations.admin' },
        schema: {
          operationId: `${move}Integration`,
          tags: ['integrations'],
          summary,
          params: IdParams,
          response: responses(200, IntegrationRef),
        },
      },
      async (request, reply) => {
        const integration = await catalog[move](acting(request), request.params.id);
        setETag(reply, integration.version);
        return reply.send(integration);
      },
    );
  }
  app.post(
    '/api/v1/integrations/:id/pause',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'pauseIntegration',
        tags: ['integrations'],
        summary: 'Pause an integration, with the reason',
        params: IdParams,
        body: PauseBody,
        response: responses(200, IntegrationRef),
      },
    },
    async (request, reply) => {
      const integration = await catalog.pause(acting(request), request.params.id, request.body);
      setETag(reply, integration.version);
      return reply.send(integration);
    },
  );
}
