import type { ConnectionTestResult, CredentialMaterial } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { InstanceParams } from '../../parameters.ts';
import { type ConnectorInstance, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

const Body = Type.Object(
  { credentials: reference<CredentialMaterial>('Credentials') },
  { additionalProperties: false },
);
const Answer = Type.Object({
  instance: reference<ConnectorInstance>('ConnectorInstance'),
  test: reference<ConnectionTestResult>('ConnectionTestResult'),
});

/** Stores credentials (the first ones or a rotation), submits a draft, and proves them at once. */
export function authenticateInstance(app: App, { catalog, registry, testConnection }: Services): void {
  app.post(
    '/api/v1/connectors/instances/:instanceId/auth',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'authenticateInstance',
        tags: ['connectors'],
        summary: 'Give an instance its credentials and test them',
        params: InstanceParams,
        body: Body,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const id = request.params.instanceId;
      const stored = await catalog.authenticate(acting(request), id, request.body.credentials);
      if (stored.status === 'draft') await catalog.submit(acting(request), id);
      const test = await testConnection(acting(request), id, callOf(request));
      const integration = await catalog.get(request.principal.tenantId, id);
      return { instance: presentInstance(integration, declaredCapabilities(registry, integration)), test };
    },
  );
}
