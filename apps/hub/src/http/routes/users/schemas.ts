import { type Role, roles, Timestamp } from '@inthub/contracts';
import Type from 'typebox';

const RoleName = Type.Enum(Object.keys(roles) as Role[]);
export const RoleNames = Type.Array(RoleName, { uniqueItems: true, maxItems: 10 });

export const UserBody = Type.Object({
  id: Type.String({ format: 'uuid' }),
  tenantId: Type.String({ format: 'uuid' }),
  subject: Type.Union([Type.String(), Type.Null()]),
  email: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  roles: Type.Array(RoleName),
  active: Type.Boolean(),
  createdAt: Timestamp,
});
