import { NullableTimestamp, scopes, Timestamp } from '@inthub/contracts';
import Type from 'typebox';

export const ScopeNames = Type.Array(Type.Enum([...scopes]), { uniqueItems: true });

export const ApiKeyBody = Type.Object({
  id: Type.String({ format: 'uuid' }),
  tenantId: Type.String({ format: 'uuid' }),
  name: Type.String(),
  prefix: Type.String({ description: 'What people recognise the key by.' }),
  scopes: ScopeNames,
  expiresAt: NullableTimestamp,
  lastUsedAt: NullableTimestamp,
  revokedAt: NullableTimestamp,
  createdAt: Timestamp,
  createdBy: Type.String(),
});
