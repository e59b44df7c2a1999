import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ActionDetails, ConnectorDetails, presentActions, presentConnector } from './present-connector.ts';

const Body = Type.Object({ ...ConnectorDetails.properties, actions: Type.Array(ActionDetails) });

export function getConnector(app: App, { registry }: Services): void {
  app.get(
    '/api/v1/connectors/registry/:connectorId',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getConnector',
        tags: ['connectors'],
        summary: 'Get a connector with its actions and their schemas',
        params: Type.Object({ connectorId: Type.String({ maxLength: 64 }) }),
        response: responses(200, Body),
      },
    },
    async (request) => {
      const connector = registry.find(request.params.connectorId);
      if (connector === undefined) {
        throw new HubError(
          'not_found',
          `There is no connector "${request.params.connectorId}"; GET /api/v1/connectors/registry lists them.`,
        );
      }
      return { ...presentConnector(connector), actions: presentActions(connector) };
    },
  );
}
