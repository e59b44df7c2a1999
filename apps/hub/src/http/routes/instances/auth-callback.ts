import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';

/** Any text: a form that is checked would tell a stranger something. */
const Params = Type.Object({ instanceId: Type.String({ description: 'Connector instance (integration) id.' }) });

/**
 * Where a provider sends the browser back after an authorization (RFC 6749 §4.1.2). A browser comes without the hub's credential, so
 * that anybody may ask. No connector starts an authorization yet, hence none is ever in progress: the answer is the same for
 * every instance, existing or not, and nothing of the request is kept.
 */
export function authCallback(app: App): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId/auth/callback',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'completeAuthorization',
        tags: ['connectors'],
        summary: 'Return from an authorization at the provider',
        params: Params,
        security: [],
        response: responses(204, Type.Null()),
      },
    },
    async () => {
      throw new HubError(
        'conflict',
        'No authorization is in progress for this instance. Start one from the hub, or store the credential with POST …/auth.',
      );
    },
  );
}
