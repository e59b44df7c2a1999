import { AuthRefText, type ConnectionProfile, Name } from '@inthub/contracts';
import Type from 'typebox';
import { reference } from '../../schemas.ts';

const fields = {
  name: Name,
  defaultConfig: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Any part of the type’s config, without secrets; see GET /api/v1/integration-types/{type}.',
    }),
  ),
  authRef: Type.Optional(Type.Union([AuthRefText, Type.Null()])),
  isDefault: Type.Optional(Type.Boolean({ description: 'True takes the place of the type’s present default.' })),
};
const closed = { additionalProperties: false };

export const NewProfileBody = Type.Object(
  { type: Type.String({ minLength: 3, maxLength: 128, examples: ['registry.oci'] }), ...fields },
  closed,
);
export const ReplaceProfileBody = Type.Object(fields, closed);
export const ProfileRef = reference<ConnectionProfile>('ConnectionProfile');
