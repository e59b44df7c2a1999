import { describe, expect, it } from 'vitest';
import { createHostRules, findHostRule } from './host-rules.ts';

describe('findHostRule', () => {
  it.each([
    ['api.example.com', { name: 'api.example.com', suffix: false, port: undefined }],
    ['API.Example.com.', { name: 'api.example.com', suffix: false, port: undefined }],
    ['*.example.com:8443', { name: 'example.com', suffix: true, port: 8443 }],
    ['127.0.0.1:5000', { name: '127.0.0.1', suffix: false, port: 5000 }],
    ['[::1]:5000', { name: '::1', suffix: false, port: 5000 }],
    ['[0:0::1]', { name: '::1', suffix: false, port: undefined }],
    ['bücher.example', { name: 'xn--bcher-kva.example', suffix: false, port: undefined }],
    ['my_host', { name: 'my_host', suffix: false, port: undefined }],
  ])('reads %s', (text, rule) => {
    expect(findHostRule(text)).toEqual(rule);
  });

  it.each([
    '',
    '*',
    '*.',
    '.',
    'a..b',
    'a b',
    'a/b',
    'https://a',
    'a:',
    'a:0',
    'a:65536',
    'user@a',
    '[::1',
    '*.[::1]',
    '-a',
    'a*b',
    'a'.repeat(64),
  ])('refuses %j', (text) => {
    expect(findHostRule(text)).toBeUndefined();
  });
});

describe('createHostRules', () => {
  it('tells an exact name from a suffix, and needs a whole label for the suffix', () => {
    const rules = createHostRules(['a.example', '*.b.example']);

    expect(rules.match('a.example', 443)).toBe('exact');
    expect(rules.match('x.b.example', 443)).toBe('suffix');
    expect(rules.match('b.example', 443)).toBeUndefined();
    expect(rules.match('xb.example', 443)).toBeUndefined();
    expect(rules.match('x.a.example', 443)).toBeUndefined();
  });

  it('heeds ports: those of the rule, else those that the asker allows', () => {
    const rules = createHostRules(['a.example:8443', 'a.example:9443', 'c.example']);

    expect(rules.match('a.example', 8443, [443])).toBe('exact');
    expect(rules.match('a.example', 9443, [443])).toBe('exact');
    expect(rules.match('a.example', 443, [443])).toBeUndefined();
    expect(rules.match('c.example', 443, [443])).toBe('exact');
    expect(rules.match('c.example', 8443, [443])).toBeUndefined();
    expect(rules.match('c.example', 8443)).toBe('exact');
  });

  it('matches nothing by a rule that cannot be read', () => {
    expect(createHostRules(['*', '**.example', 'https://a.example']).match('a.example', 443)).toBeUndefined();
  });
});
