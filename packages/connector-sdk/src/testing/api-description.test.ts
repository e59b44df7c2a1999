import { describe, expect, it } from 'vitest';
import { createApiDescription } from './api-description.ts';
import type { SentRequest } from './exchange.ts';

const thing = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer' }, note: { type: 'string', nullable: true } },
};
const openApi = createApiDescription({
  openapi: '3.0.3',
  paths: {
    '/things/{id}': {
      parameters: [{ $ref: '#/components/parameters/id' }],
      get: {
        parameters: [
          { in: 'query', name: 'limit', schema: { type: 'integer', maximum: 10 } },
          { in: 'query', name: 'all', schema: { type: 'boolean' } },
          { in: 'header', name: 'X-Version', required: true, schema: { type: 'string' } },
        ],
        responses: { 200: { $ref: '#/components/responses/thing' }, default: { description: 'anything' } },
      },
      post: {
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/thing' } } } },
        responses: {},
      },
    },
  },
  components: {
    parameters: { id: { in: 'path', name: 'id', required: true, schema: { type: 'integer' } } },
    responses: { thing: { content: { 'application/json': { schema: { $ref: '#/components/schemas/thing' } } } } },
    schemas: { thing },
  },
});
const swagger = createApiDescription({
  swagger: '2.0',
  basePath: '/api/v2',
  paths: {
    '/list': {
      get: {
        parameters: [{ in: 'query', name: 'page_size', type: 'integer', maximum: 100, default: 10, required: false }],
        responses: { 200: { schema: { type: 'array', items: { $ref: '#/definitions/Item' } } } },
      },
    },
  },
  definitions: { Item: { type: 'object', properties: { name: { type: 'string', 'x-nullable': true } } } },
});
const request = (path: string, more: Partial<SentRequest> = {}): SentRequest => ({
  method: 'GET',
  url: new URL(`https://p.test${path}`),
  headers: { 'x-version': '1' },
  body: null,
  auth: 'none',
  ...more,
});

describe('createApiDescription', () => {
  it.each<[string, SentRequest, readonly string[]]>([
    ['a fitting request', request('/things/1?limit=5&all=true'), []],
    ['an unknown path', request('/stuff'), ['GET /stuff is not described']],
    ['an unknown method', request('/things/1', { method: 'DELETE' }), ['DELETE /things/1 is not described']],
    ['an unknown parameter', request('/things/1?n=1'), ['query parameter n is not described']],
    ['a value out of bounds', request('/things/1?limit=50'), ['query parameter limit must be <= 10']],
    ['a value of another type', request('/things/x'), ['path parameter id must be integer']],
    ['a missing header', request('/things/1', { headers: {} }), ['header parameter X-Version is missing']],
    [
      'a body that does not fit',
      request('/things/1', { method: 'POST', body: Buffer.from('{"id":"a"}') }),
      ['body/id must be integer'],
    ],
  ])('judges %s', (_what, sent, expected) => {
    expect(openApi.checkRequest(sent)).toEqual(expected);
  });

  it.each<[number, unknown, readonly string[]]>([
    [200, { id: 1, note: null }, []],
    [200, {}, ["reply must have required property 'id'"]],
    [404, 'anything', []],
  ])('judges a reply %i %j', (status, json, expected) => {
    expect(openApi.checkReply(request('/things/1'), status, json)).toEqual(expected);
  });

  it('reads Swagger 2.0: base path, types beside names, x-nullable', () => {
    const list = request('/api/v2/list?page_size=100');
    expect(swagger.checkRequest(list)).toEqual([]);
    expect(swagger.checkRequest(request('/api/v2/list?page_size=101'))).toEqual([
      'query parameter page_size must be <= 100',
    ]);
    expect(swagger.checkRequest(request('/list'))).toEqual(['/list is not below /api/v2']);
    expect(swagger.checkReply(list, 200, [{ name: null }, { name: 'a' }])).toEqual([]);
    expect(swagger.checkReply(list, 200, [{ name: 1 }])).toEqual(['reply/0/name must be string,null']);
    expect(swagger.checkReply(list, 201, [])).toEqual(['status 201 is not described']);
  });
});
