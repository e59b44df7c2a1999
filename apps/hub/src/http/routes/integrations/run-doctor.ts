import type { DoctorReport } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { IdParams } from '../../parameters.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** Runs every check now, which takes up to a minute; changes nothing but the history. */
export function runDoctor(app: App, { doctor }: Services): void {
  app.post(
    '/api/v1/integrations/:id/doctor',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'runDoctor',
        tags: ['integrations'],
        summary: 'Find out what is wrong with an integration, and how to mend it',
        params: IdParams,
        response: responses(200, reference<DoctorReport>('DoctorReport')),
      },
    },
    async (request) => doctor.run(acting(request), request.params.id, callOf(request)),
  );
}
