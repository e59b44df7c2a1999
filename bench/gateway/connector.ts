// A connector as those that ship with the hub: one safe action that asks the provider and checks what it says. Nothing caches it.
import { defineConnector } from '@inthub/connector-sdk';
import Type from 'typebox';

const url = 'https://example.org/';
const string = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const item = {
  type: 'object',
  required: ['id', 'name', 'tags', 'updatedAt'],
  properties: { id: integer, name: string, tags: integer, updatedAt: string },
};
const output = {
  type: 'object',
  required: ['total', 'items'],
  properties: { total: integer, items: { type: 'array', items: item } },
};

export const connector = defineConnector({
  manifest: {
    id: 'bench',
    version: '1.0.0',
    metadata: {
      name: 'Bench',
      description: 'A provider that answers at once.',
      icon: 'data:image/svg+xml,%3Csvg/%3E',
      category: 'custom',
      vendor: 'Integration Hub',
      documentationUrl: url,
      supportUrl: url,
      privacyPolicyUrl: url,
      tags: ['bench'],
      minPlatformVersion: '0.1.0',
      targetApiVersion: '1',
    },
    types: [
      {
        id: 'custom.bench',
        displayName: 'Bench',
        description: 'A provider that answers at once.',
        category: 'custom',
        capabilities: ['bench'],
        config: Type.Object({}),
        defaultEndpoint: null,
      },
    ],
    auth: [
      {
        mode: 'token',
        kind: 'bearer_token',
        title: 'Token',
        help: 'Any token.',
        apply: { scheme: 'bearer', token: '{token}' },
      },
    ],
    egress: { hosts: [] },
    requiredPermissions: [],
  },
  actions: [
    {
      id: 'bench.get',
      title: 'Get',
      description: 'Asks the provider.',
      safe: true,
      input: { type: 'object', properties: {}, additionalProperties: false },
      output,
      run: async (_input, ctx) => {
        const response = await ctx.http.get('/json');
        return response.json(output);
      },
    },
  ],
  testConnection: async (ctx) => {
    await ctx.http.get('/json');
    return { success: true, message: 'It answers.', details: {} };
  },
});
