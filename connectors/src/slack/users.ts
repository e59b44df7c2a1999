import { defineAction } from '@inthub/connector-sdk';
import Type from 'typebox';
import { read } from './api.ts';
import { FoundUser } from './schema.ts';

export const findUser = defineAction({
  id: 'slack.user.find',
  title: 'Find a user by e-mail address',
  description: 'The member of the workspace with this e-mail address: the userId that message.direct wants.',
  input: Type.Object(
    { email: Type.String({ minLength: 3, maxLength: 320, pattern: '^[^\\s@]+@[^\\s@]+$' }) },
    { additionalProperties: false },
  ),
  output: Type.Object({
    id: Type.String(),
    name: Type.String(),
    realName: Type.Union([Type.String(), Type.Null()]),
    isActive: Type.Boolean(),
  }),
  requiredScopes: ['users:read', 'users:read.email'],
  dataScope: { project: null, dataTypes: [], containsPii: true },
  safe: true,
  weight: 2,
  run: async ({ email }, ctx) => {
    const { user } = await read('users.lookupByEmail', { email }, FoundUser, ctx);
    return { id: user.id, name: user.name, realName: user.real_name || null, isActive: user.deleted !== true };
  },
});
