import { Name } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { RoleNames, UserBody } from './schemas.ts';

const Body = Type.Object(
  { name: Type.Optional(Name), roles: Type.Optional(RoleNames), active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1 },
);

export function changeUser(app: App, { access }: Services): void {
  app.patch(
    '/api/v1/users/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'changeUser',
        tags: ['access'],
        summary: 'Change a user’s name, roles or state',
        params: IdParams,
        body: Body,
        response: responses(200, UserBody),
      },
    },
    async (request) => {
      const user = await access.updateUser(acting(request), request.params.id, request.body);
      return { ...user, roles: [...user.roles] };
    },
  );
}
