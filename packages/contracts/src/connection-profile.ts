import Type from 'typebox';
import { AuthRefText, Name } from './integration.ts';
import { NullableTimestamp, Timestamp } from './timestamp.ts';

/** Settings that a tenant reuses for new integrations of one type (PRO-1). Holds no secret. */
export const ConnectionProfile = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    tenantId: Type.String({ format: 'uuid' }),
    name: Name,
    type: Type.String({ description: 'Integration type.' }),
    defaultConfig: Type.Record(Type.String(), Type.Unknown(), { description: 'Any part of the type’s config.' }),
    authRef: Type.Union([AuthRefText, Type.Null()]),
    isDefault: Type.Boolean({ description: 'At most one for each type and tenant.' }),
    lastUsedAt: NullableTimestamp,
    createdAt: Timestamp,
    createdBy: Type.String(),
    modifiedAt: Timestamp,
    modifiedBy: Type.String(),
    version: Type.Integer({ description: 'Also the ETag; send it back in If-Match to change the profile.' }),
  },
  { $id: 'ConnectionProfile' },
);
export type ConnectionProfile = Type.Static<typeof ConnectionProfile>;

/** What a wizard starts from (PRO-2): the type's or template's values, under the default profile's, under those used last. */
export const ConnectionDefaults = Type.Object(
  {
    type: Type.String(),
    config: Type.Record(Type.String(), Type.Unknown(), { description: 'Merged; may be incomplete.' }),
    sources: Type.Record(Type.String(), Type.Enum(['type', 'template', 'profile', 'last_used']), {
      description: 'Where each field of config comes from.',
    }),
    profile: Type.Union([
      Type.Object({
        id: Type.String({ format: 'uuid' }),
        name: Type.String(),
        hasCredential: Type.Boolean({
          description: 'It names an AuthRef; reusing it needs profileId and confirmCredentialReuse: true.',
        }),
      }),
      Type.Null(),
    ]),
    lastUsed: Type.Union([
      Type.Object({ integrationId: Type.String({ format: 'uuid' }), name: Type.String(), at: Timestamp }),
      Type.Null(),
    ]),
    templates: Type.Array(
      Type.Object({
        name: Type.String(),
        description: Type.String(),
        config: Type.Record(Type.String(), Type.Unknown()),
      }),
    ),
  },
  { $id: 'ConnectionDefaults' },
);
export type ConnectionDefaults = Type.Static<typeof ConnectionDefaults>;
