import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { checkValue, decodeProviderText, parseProviderJson, requireValue } from './schema-validator.ts';

const Person = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    role: Type.Enum(['admin', 'guest']),
    tags: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);

describe('checkValue', () => {
  it('names every fault with its place', () => {
    expect(checkValue(Person, { role: 'king', tags: ['a', 1], 'a/b': 1 }, '/params')).toEqual(
      expect.arrayContaining([
        { path: '/params/name', rule: 'required', message: 'is required.' },
        { path: '/params/role', rule: 'enum', message: 'must be one of admin, guest.' },
        { path: '/params/tags/1', rule: 'type', message: 'must be string.' },
        { path: '/params/a~1b', rule: 'additionalProperties', message: 'is not a known field.' },
      ]),
    );
  });

  it('reports at most twenty', () => {
    expect(checkValue(Type.Array(Type.String()), Array(1000).fill(1))).toHaveLength(20);
  });

  it('checks formats, and compiles two schemas of one $id', () => {
    const one = Type.Object({ at: Type.String({ format: 'date-time' }) }, { $id: 'Same' });
    const other = Type.Object({ id: Type.String({ format: 'uuid' }) }, { $id: 'Same' });

    expect(checkValue(one, { at: 'yesterday' })).toHaveLength(1);
    expect(checkValue(other, { id: '0198c0de-0000-7000-8000-000000000001' })).toEqual([]);
  });
});

describe('requireValue', () => {
  it('gives the value, or invalid_request with the faults', () => {
    expect(requireValue(Person, { name: 'Ada', role: 'admin' })).toEqual({ name: 'Ada', role: 'admin' });
    expect(() => requireValue(Person, null, '/params')).toThrow(
      expect.objectContaining({ code: 'invalid_request', errors: [expect.objectContaining({ path: '/params' })] }),
    );
  });
});

describe('parseProviderJson', () => {
  it.each([
    ['<html>', 'is not JSON'],
    ['{"name":"a"}', '/role is required'],
    ['{"name":"","role":"admin"}', '/name'],
    ['[]', '/ must be object'],
  ])('refuses %s without quoting it', (text, message) => {
    expect(() => parseProviderJson(text, 'The person', Person)).toThrow(
      expect.objectContaining({ code: 'provider_bad_response', message: expect.stringContaining(message) }),
    );
  });

  it('refuses a long list of nonsense at its first place', () => {
    expect(() =>
      parseProviderJson(JSON.stringify(Array(100_000).fill(1)), 'The list', Type.Array(Type.String())),
    ).toThrow('/0 must be string');
  });
});

describe('decodeProviderText', () => {
  it('reads UTF-8 and nothing else', () => {
    expect(decodeProviderText(Buffer.from('grün'))).toBe('grün');
    expect(() => decodeProviderText(Buffer.from([0xc3, 0x28]))).toThrow(
      expect.objectContaining({ code: 'provider_bad_response' }),
    );
  });
});
