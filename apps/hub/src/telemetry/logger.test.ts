import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { createRedactor } from './redaction.ts';

function captured() {
  const lines: string[] = [];
  const redactor = createRedactor();
  const log = createLogger({ level: 'info', redactor, destination: { write: (line) => void lines.push(line) } });
  return { log, redactor, lines };
}

describe('createLogger', () => {
  it('writes one JSON object a line with level, UTC time and fields', () => {
    const { log, lines } = captured();

    log.info({ integrationId: 'i-1' }, 'checked');

    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', integrationId: 'i-1', msg: 'checked' });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('hides a known secret in fields, nested errors and the message', () => {
    const { log, redactor, lines } = captured();
    redactor.learn('canary-7f3a9c');

    log.warn(
      { note: 'canary-7f3a9c', err: new Error('refused canary-7f3a9c', { cause: new Error('canary-7f3a9c') }) },
      'saw canary-7f3a9c',
    );

    expect(lines.join('')).not.toContain('canary-7f3a9c');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', note: '[redacted]' });
  });

  it('hides fields that are named like secrets although nobody learnt their values', () => {
    const { log, lines } = captured();

    log.info({ headers: { authorization: 'Basic unseen-value' }, password: 'unseen-value' }, 'request');

    expect(lines.join('')).not.toContain('unseen-value');
  });
});
