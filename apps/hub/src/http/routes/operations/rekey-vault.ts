import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Answer = Type.Object({
  rewrapped: Type.Integer(),
  failed: Type.Integer({ description: 'Credentials that did not open under the key they name; the log names them.' }),
  keyId: Type.String({ description: 'The key that wraps every secret now.' }),
});

export function rekeyVault(app: App, { vault }: Services): void {
  app.post(
    '/api/v1/vault/rekey',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'rekeyVault',
        tags: ['operations'],
        summary: 'Re-wrap every secret under the newest key',
        response: responses(200, Answer),
      },
    },
    async () => vault.rekey(),
  );
}
