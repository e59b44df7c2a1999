import { cloudEventOf, type IntegrationEvent } from '@inthub/contracts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { inAskedForm } from './event-query.ts';

export function getEvent(app: App, { events }: Services): void {
  app.get(
    '/api/v1/events/:id',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'getEvent',
        tags: ['events'],
        summary: 'Get an event; as a CloudEvent with Accept: application/cloudevents+json',
        params: IdParams,
        response: responses(200, reference<IntegrationEvent>('IntegrationEvent')),
      },
    },
    async (request, reply) => {
      const event = await events.get(request.principal.tenantId, request.params.id);
      return inAskedForm(request, reply, event, () => cloudEventOf(event));
    },
  );
}
