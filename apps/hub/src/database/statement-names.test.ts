import { describe, expect, it } from 'vitest';
import { createStatementNames } from './statement-names.ts';

describe('statement names', () => {
  it('go to a text that comes again, always the same, and to no other', () => {
    const names = createStatementNames();

    const given = Array.from({ length: 5 }, () => names.find('SELECT 1'));

    expect(given.slice(0, 2)).toEqual([undefined, undefined]);
    expect(new Set(given.slice(2)).size).toBe(1);
    for (let use = 1; use <= 5; use += 1) names.find('SELECT 2');
    expect(names.find('SELECT 2')).not.toBe(names.find('SELECT 1'));
  });

  it('are bounded, and the early ones stay', () => {
    const names = createStatementNames();
    const given = new Set<string>();
    for (let text = 0; text < 1000; text += 1) {
      for (let use = 1; use <= 3; use += 1) {
        const name = names.find(`SELECT ${text}`);
        if (name !== undefined) given.add(name);
      }
    }

    expect(given.size).toBe(200);
    expect(names.find('SELECT 0')).toBe('inthub_1');
    expect(names.find('SELECT 999')).toBeUndefined();
  });

  it('are not spent on texts that hardly come again', () => {
    const names = createStatementNames();
    for (let text = 0; text < 100_000; text += 1) names.find(`SELECT ${text % 50_000}`);

    for (let use = 1; use <= 2; use += 1) names.find('SELECT often');
    expect(names.find('SELECT often')).toBe('inthub_1');
  });
});
