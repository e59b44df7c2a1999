import { PageOf, PageQuery, pageLimits, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    ...PageQuery.properties,
    before: Type.Optional(Timestamp),
    integrationId: Type.Optional(Type.String({ format: 'uuid' })),
  },
  { additionalProperties: false },
);
const Expiry = Type.Object({
  kind: Type.Enum(['credential', 'app_key', 'client_certificate', 'webhook_secret', 'tls_certificate']),
  subjectId: Type.String({
    format: 'uuid',
    description:
      'The credential; the integration for a provider’s certificate and a credential that is only referred to; the inbound endpoint for a webhook secret.',
  }),
  integrationId: Type.String({ format: 'uuid' }),
  connectorId: Type.String(),
  expiresAt: Timestamp,
  daysLeft: Type.Integer({ description: 'Negative once it has expired.' }),
});

export function listExpiries(app: App, { expiries }: Services): void {
  app.get(
    '/api/v1/expiries',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listExpiries',
        tags: ['events'],
        summary: 'List what runs out, soonest first: credentials, keys, certificates, webhook secrets',
        querystring: Query,
        response: responses(200, PageOf(Expiry)),
      },
    },
    async (request) => {
      const { limit, ...query } = request.query;
      const page = await expiries.list(request.principal.tenantId, { ...query, limit: limit ?? pageLimits.default });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
