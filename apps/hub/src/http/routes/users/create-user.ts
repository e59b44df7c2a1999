import { Name } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { RoleNames, UserBody } from './schemas.ts';

const Body = Type.Object(
  {
    name: Name,
    email: Type.Optional(Type.String({ format: 'email', maxLength: 320 })),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'OIDC `sub` of the person.' })),
    roles: RoleNames,
  },
  { additionalProperties: false },
);

export function createUser(app: App, { access }: Services): void {
  app.post(
    '/api/v1/users',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'createUser',
        tags: ['access'],
        summary: 'Add a user to the tenant',
        body: Body,
        response: responses(201, UserBody),
      },
    },
    async (request, reply) => {
      const user = await access.createUser(acting(request), request.body);
      return reply.code(201).send({ ...user, roles: [...user.roles] });
    },
  );
}
