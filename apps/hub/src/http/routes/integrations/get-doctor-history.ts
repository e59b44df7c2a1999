import { type DoctorReport, PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getDoctorHistory(app: App, { doctor }: Services): void {
  app.get(
    '/api/v1/integrations/:id/doctor/history',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getDoctorHistory',
        tags: ['integrations'],
        summary: 'Earlier reports, newest first; the last 100 are kept',
        params: IdParams,
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: responses(200, PageOf(reference<DoctorReport>('DoctorReport'))),
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const page = await doctor.history(request.principal.tenantId, request.params.id, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
