import { Name, NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { RoleNames } from '../users/schemas.ts';
import { ApiKeyBody, ScopeNames } from './schemas.ts';

const Body = Type.Object(
  {
    name: Name,
    scopes: Type.Optional(ScopeNames),
    roles: Type.Optional(RoleNames),
    expiresAt: Type.Optional(NullableTimestamp),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({ key: Type.String({ description: 'Shown this once only.' }), apiKey: ApiKeyBody });

export function createApiKey(app: App, { access }: Services): void {
  app.post(
    '/api/v1/api-keys',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'createApiKey',
        tags: ['access'],
        summary: 'Create an API key with at most the caller’s own scopes',
        body: Body,
        response: responses(201, Answer),
      },
    },
    async (request, reply) => {
      const { key, apiKey } = await access.createApiKey(acting(request), {
        ...request.body,
        scopes: request.body.scopes ?? [],
      });
      reply.header('cache-control', 'no-store');
      return reply.code(201).send({ key, apiKey: { ...apiKey, scopes: [...apiKey.scopes] } });
    },
  );
}
