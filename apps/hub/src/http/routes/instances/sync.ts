import { HubError, NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const SyncStatus = Type.Object({
  instanceId: Type.String({ format: 'uuid' }),
  supported: Type.Boolean({ description: 'Whether the connector offers a sync.' }),
  enabled: Type.Boolean({ description: 'features.syncEnabled of the instance.' }),
  status: Type.Enum(['never']),
  lastSyncAt: NullableTimestamp,
});

/** No connector's contract has a sync yet, and these endpoints say so. */
export function sync(app: App, { catalog }: Services): void {
  app.post(
    '/api/v1/connectors/instances/:instanceId/sync',
    {
      config: { access: 'integrations.execute' },
      schema: {
        operationId: 'startSync',
        tags: ['connectors'],
        summary: 'Start a sync',
        params: InstanceParams,
        response: responses(202, SyncStatus),
      },
    },
    async (request) => {
      const { connectorId } = await catalog.get(request.principal.tenantId, request.params.instanceId);
      throw new HubError(
        'conflict',
        `The connector ${connectorId} offers no sync; read what you need with its actions, or with GET …/resources.`,
      );
    },
  );
  app.get(
    '/api/v1/connectors/instances/:instanceId/sync/status',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getSyncStatus',
        tags: ['connectors'],
        summary: 'Get the progress of the sync',
        params: InstanceParams,
        response: responses(200, SyncStatus),
      },
    },
    async (request) => {
      const { id, features } = await catalog.get(request.principal.tenantId, request.params.instanceId);
      const enabled = features.syncEnabled;
      return { instanceId: id, supported: false, enabled, status: 'never' as const, lastSyncAt: null };
    },
  );
}
