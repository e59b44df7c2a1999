import { NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Circuit = Type.Object({
  state: Type.Enum(['closed', 'open', 'half_open']),
  failureCount: Type.Integer(),
  successCount: Type.Integer(),
  lastFailureAt: NullableTimestamp,
  lastSuccessAt: NullableTimestamp,
  openedAt: NullableTimestamp,
  nextRetryAt: { ...NullableTimestamp, description: 'When an open breaker lets a probe through.' },
});
const reason = Type.String({ minLength: 1, maxLength: 1000 });
const OpenBody = Type.Object(
  {
    reason,
    durationMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 604_800_000, default: 3_600_000, description: 'Up to seven days.' }),
    ),
  },
  { additionalProperties: false },
);
const CloseBody = Type.Object({ reason: Type.Optional(reason) }, { additionalProperties: false });
const response = responses(200, Circuit);

/** The circuit breaker of an instance, and an admin's orders to it (GW-3): both are audited. */
export function circuit(app: App, { catalog, gateway }: Services): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId/circuit',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getCircuit',
        tags: ['connectors'],
        summary: 'Get the state of an instance’s circuit breaker',
        params: InstanceParams,
        response,
      },
    },
    async (request) => {
      const { tenantId } = request.principal;
      const { id } = await catalog.get(tenantId, request.params.instanceId);
      return gateway.circuit(tenantId, id);
    },
  );
  app.post(
    '/api/v1/connectors/instances/:instanceId/circuit/open',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'openCircuit',
        tags: ['connectors'],
        summary: 'Stop every call to an instance for a while, tests included',
        params: InstanceParams,
        body: OpenBody,
        response,
      },
    },
    async (request) =>
      gateway.forceCircuit(acting(request), request.params.instanceId, { ...request.body, state: 'open' }),
  );
  app.post(
    '/api/v1/connectors/instances/:instanceId/circuit/close',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'closeCircuit',
        tags: ['connectors'],
        summary: 'Let calls to an instance pass again',
        params: InstanceParams,
        body: CloseBody,
        response,
      },
    },
    async (request) =>
      gateway.forceCircuit(acting(request), request.params.instanceId, { ...request.body, state: 'closed' }),
  );
}
