import { Timestamp } from '@inthub/contracts';
import Type from 'typebox';

export const Slug = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', examples: ['acme'] });

export const EgressAllow = Type.Unsafe<readonly string[]>(
  Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    maxItems: 100,
    description:
      'Private networks and hosts that this tenant may reach beside HUB_EGRESS_ALLOW: CIDR, address, host, host:port or *.suffix.',
    examples: [['10.20.0.0/16', 'gitea.internal:3000']],
  }),
);

export const TenantBody = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Type.String(),
  name: Type.String(),
  approvalRequired: Type.Boolean({ description: 'Somebody other than the creator must activate integrations.' }),
  offline: Type.Boolean({ description: 'Nothing is sent to outside hosts for this tenant.' }),
  egressAllow: EgressAllow,
  createdAt: Timestamp,
});
