import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { createSchemaCheck, hasDefaults } from './schema-check.ts';

const closed = Type.Object(
  { name: Type.String(), size: Type.Optional(Type.Enum(['s', 'm'])), count: Type.Integer({ default: 3 }) },
  { additionalProperties: false, required: ['name'] },
);

describe('createSchemaCheck', () => {
  it('is silent about a value that fits', () => {
    expect(createSchemaCheck(closed, { base: '/params' })({ name: 'x' })).toBeNull();
  });

  it('names every faulty field below the base, and never the value', () => {
    const faults = createSchemaCheck(closed, { base: '/params' })({
      size: 'secret-value',
      count: 'secret-value',
      'a/b': 1,
    });

    expect(faults).toEqual(
      expect.arrayContaining([
        { path: '/params/name', rule: 'required', message: 'is required.' },
        { path: '/params/size', rule: 'enum', message: 'must be one of ["s","m"].' },
        { path: '/params/count', rule: 'type', message: 'must be integer.' },
        { path: '/params/a~1b', rule: 'additionalProperties', message: 'is not a known field.' },
      ]),
    );
    expect(JSON.stringify(faults)).not.toContain('secret-value');
  });

  it('writes defaults only when asked', () => {
    const plain = { name: 'x' };
    const filled = { name: 'x' };

    createSchemaCheck(closed, { base: '' })(plain);
    createSchemaCheck(closed, { base: '', applyDefaults: true })(filled);

    expect(plain).toEqual({ name: 'x' });
    expect(filled).toEqual({ name: 'x', count: 3 });
  });

  it('bounds the number of faults, also for input that is faulty in thousands of places', () => {
    const check = createSchemaCheck(Type.Array(Type.Integer()), { base: '/params' });

    expect(check(Array.from({ length: 100 }, () => 'x'))).toHaveLength(20);
    expect(check(Array.from({ length: 100_000 }, () => 'x'))).toHaveLength(1);
  });

  it('refuses what is not a schema', () => {
    expect(() => createSchemaCheck({ type: 'nonsense' }, { base: '' })).toThrow(/type/);
  });
});

it('finds defaults at any depth', () => {
  expect(hasDefaults(closed)).toBe(true);
  expect(hasDefaults(Type.Object({ a: Type.Array(Type.Object({ b: Type.String({ default: 'x' }) })) }))).toBe(true);
  expect(hasDefaults(Type.Object({ a: Type.String() }))).toBe(false);
});
