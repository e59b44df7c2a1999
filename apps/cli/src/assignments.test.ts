import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, parseAssignment } from './assignments.ts';
import { CliError } from './cli-error.ts';
import { sampleType } from './testing/samples.ts';

const escaped = (name: string) => name.replaceAll(/[\\.:=]/g, '\\$&');
const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
const path = fc.array(name, { minLength: 1, maxLength: 4 });

describe('parseAssignment', () => {
  it('reads back every path and text, however odd', () => {
    fc.assert(
      fc.property(path, fc.string(), fc.boolean(), (names, text, isJson) => {
        const source = `${names.map(escaped).join('.')}${isJson ? ':=' : '='}${text}`;

        expect(parseAssignment('--set', source)).toEqual({ path: names, text, isJson });
      }),
    );
  });

  it('either parses or says what is wrong, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseAssignment('--set', text).path.every((part) => part !== '')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
          expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^--set: /) });
        }
      }),
    );
  });

  it.each(['=x', 'a.=x', '.a=x', 'a..b=x', 'a', '', '__proto__=x', 'a.__proto__.b=x'])('refuses %j', (text) => {
    expect(() => parseAssignment('--set', text)).toThrow(CliError);
  });

  it('does not repeat a text without "=": it may be a secret', () => {
    expect(() => parseAssignment('--set', 'canary')).toThrow(/^--set: "=" is missing\.$/);
  });
});

describe('assign', () => {
  it('puts any JSON value at any path, and leaves the rest alone', () => {
    const value = fc.jsonValue().map((one) => JSON.parse(JSON.stringify(one)) as unknown);
    fc.assert(
      fc.property(path, value, (names, wanted) => {
        const before = Object.freeze({ untouched: { deep: 1 } });
        fc.pre(names[0] !== 'untouched');

        const after = assign('--set', before, [`${names.map(escaped).join('.')}:=${JSON.stringify(wanted)}`]);

        expect(names.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], after)).toEqual(wanted);
        expect(after['untouched']).toBe(before.untouched);
        expect(before).toEqual({ untouched: { deep: 1 } });
      }),
    );
  });

  const typed = (...sources: string[]) => assign('--set', {}, sources, sampleType.configSchema);

  it.each([
    ['timeout=5000', { timeout: 5000 }],
    ['insecure=true', { insecure: true }],
    ['projectId=42', { projectId: '42' }],
    ['projectId=true', { projectId: 'true' }],
    ['authMode=token', { authMode: 'token' }],
    ['include=a', { include: ['a'] }],
    ['include=["a","b"]', { include: ['a', 'b'] }],
    ['network.proxyUrl=http://p:1/?a=b', { network: { proxyUrl: 'http://p:1/?a=b' } }],
    ['network={"proxyUrl":"x"}', { network: { proxyUrl: 'x' } }],
    ['customHeaders.X-Id=7', { customHeaders: { 'X-Id': '7' } }],
    ['unknown=5', { unknown: 5 }],
    ['unknown=plain text', { unknown: 'plain text' }],
    ['projectId:=42', { projectId: 42 }],
    ['projectId=', { projectId: '' }],
  ])('types %j by the schema', (source, expected) => {
    expect(typed(source)).toEqual(expected);
  });

  it.each([
    ['timeout=soon', '--set timeout: "soon" is not a whole number.'],
    ['timeout=1.5', '--set timeout: "1.5" is not a whole number.'],
    ['timeout=', '--set timeout: "" is not a whole number.'],
    ['insecure=yes', '--set insecure: "yes" is not true or false.'],
    ['authMode=magic', '--set authMode: "magic" is not one of basic, token, none.'],
    ['network=x', '--set network: "x" is not a JSON object.'],
    ['network:={', '--set network: this is not valid JSON'],
  ])('refuses %j with field and expected type', (source, message) => {
    expect(() => typed(source)).toThrow(message);
  });

  it('collects a list, and refuses any other field twice', () => {
    expect(typed('include=a', 'include=b', 'include=["c"]')).toEqual({ include: ['a', 'b', 'c'] });
    expect(() => typed('timeout=1', 'timeout=2')).toThrow('--set timeout is given twice.');
    expect(() => typed('projectId=1', 'projectId=2')).toThrow('given twice');
  });

  it('does not put fields into a value', () => {
    expect(() => assign('--set', { endpoint: 'x' }, ['endpoint.host=y'])).toThrow(
      '"endpoint" holds a value, no fields',
    );
  });

  it('follows references and unions, and ends with schemas that refer to themselves', () => {
    const schema = {
      properties: {
        limit: { $ref: '#/$defs/limit' },
        either: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
        loop: { $ref: '#/$defs/loop' },
      },
      $defs: { limit: { type: 'integer' }, loop: { anyOf: [{ $ref: '#/$defs/loop' }] } },
    };

    const result = assign('--set', {}, ['limit=3', 'either=null', 'loop=4'], schema);

    expect(result).toEqual({ limit: 3, either: null, loop: 4 });
  });
});
