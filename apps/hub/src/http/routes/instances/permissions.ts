import { NullableTimestamp } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import type { Grant } from '../../../runtime/runtime.ts';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities, effectiveCapabilities } from './capabilities.ts';

const names = (maxLength = 128) =>
  Type.Array(Type.String({ minLength: 1, maxLength }), { maxItems: 500, uniqueItems: true });
const domains = Type.Array(
  Type.String({
    maxLength: 259,
    pattern: '^(\\*\\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$',
    description: 'A host, host:port, *.suffix or *.suffix:port. Without a port, the usual one of the scheme.',
  }),
  { maxItems: 200 },
);

const Body = Type.Object(
  {
    grantedCapabilities: names(),
    deniedCapabilities: Type.Optional(names()),
    dataScope: Type.Optional(
      Type.Object(
        {
          projects: Type.Union([Type.Literal('all'), names(512)]),
          dataTypes: Type.Array(Type.Enum(['code', 'issues', 'messages', 'configs', 'secrets']), { uniqueItems: true }),
          piiAccess: Type.Boolean(),
        },
        { additionalProperties: false },
      ),
    ),
    networkScope: Type.Optional(
      Type.Object({ allowedDomains: domains, blockedDomains: domains }, { additionalProperties: false }),
    ),
    expiresAt: Type.Optional(NullableTimestamp),
    reviewedAt: Type.Optional(NullableTimestamp),
  },
  { additionalProperties: false },
);

const Answer = Type.Object({
  instanceId: Type.String(),
  connectorId: Type.String(),
  declaredCapabilities: Type.Array(Type.String()),
  effectiveCapabilities: Type.Array(Type.String(), { description: 'What may be used now.' }),
  grant: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
    description: 'Null until an admin narrows it: all declared capabilities are allowed.',
  }),
});

const noNarrowing: Pick<Grant, 'dataScope' | 'networkScope'> = {
  dataScope: { projects: 'all', dataTypes: ['code', 'issues', 'messages', 'configs', 'secrets'], piiAccess: true },
  networkScope: { allowedDomains: [], blockedDomains: [] },
};

export function permissions(app: App, { catalog, clock, grants, registry }: Services): void {
  const url = '/api/v1/connectors/instances/:instanceId/permissions';
  app.get(
    url,
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getPermissions',
        tags: ['connectors'],
        summary: 'Get what an instance may do',
        params: InstanceParams,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const integration = await catalog.get(request.principal.tenantId, request.params.instanceId);
      return answer(integration, await grants.find(request.principal.tenantId, integration.id));
    },
  );
  app.put(
    url,
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'putPermissions',
        tags: ['connectors'],
        summary: 'Set what an instance may do',
        params: InstanceParams,
        body: Body,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const integration = await catalog.get(request.principal.tenantId, request.params.instanceId);
      const grant = await grants.put(acting(request), integration, {
        deniedCapabilities: [],
        expiresAt: null,
        reviewedAt: null,
        ...noNarrowing,
        ...request.body,
      });
      return answer(integration, grant);
    },
  );

  function answer(
    integration: { id: string; connectorId: string; type: string },
    grant: Grant | null,
  ): Static<typeof Answer> {
    const declared = [...declaredCapabilities(registry, integration)];
    return {
      instanceId: integration.id,
      connectorId: integration.connectorId,
      declaredCapabilities: declared,
      effectiveCapabilities: effectiveCapabilities(declared, grant, clock.now()),
      grant: grant === null ? null : { ...grant },
    };
  }
}
