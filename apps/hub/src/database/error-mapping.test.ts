import { HubError } from '@inthub/contracts';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isUniqueViolation, toHubError } from './error-mapping.ts';

function databaseError(code: string, constraint?: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('said by the server', 18, 'error'), { code, constraint });
}

describe('toHubError', () => {
  it.each(['08006', '53300', '53100', '40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '25P03', '26000'])(
    'makes SQLSTATE %s unavailable and retryable, and keeps the cause to itself',
    (code) => {
      const cause = databaseError(code);

      const error = toHubError(cause) as HubError;

      expect(error).toBeInstanceOf(HubError);
      expect(error).toMatchObject({ code: 'unavailable', retryable: true, cause });
      expect(error.message).not.toContain('said by the server');
    },
  );

  it.each(['23505', '23503', '23514', '22P02', '42501', '42P01', '28P01', 'P0001'])(
    'leaves SQLSTATE %s to its caller',
    (code) => {
      const error = databaseError(code);

      expect(toHubError(error)).toBe(error);
    },
  );

  it('knows a host of which no address answers, and a socket that broke', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' });

    expect(toHubError(new AggregateError([refused], 'no address answered'))).toMatchObject({ code: 'unavailable' });
    expect(toHubError(refused)).toMatchObject({ code: 'unavailable' });
    expect(toHubError(new Error('Connection terminated unexpectedly'))).toMatchObject({ code: 'unavailable' });
  });

  it('does not touch what has nothing to do with the database', () => {
    for (const value of [new HubError('not_found'), new TypeError('x is not a function'), 'text', undefined]) {
      expect(toHubError(value)).toBe(value);
    }
  });
});

describe('isUniqueViolation', () => {
  it('tells constraints apart, and violations from other errors', () => {
    expect(isUniqueViolation(databaseError('23505', 'users_email'))).toBe(true);
    expect(isUniqueViolation(databaseError('23505', 'users_email'), 'users_email')).toBe(true);
    expect(isUniqueViolation(databaseError('23505', 'users_email'), 'users_name')).toBe(false);
    expect(isUniqueViolation(databaseError('23503', 'users_email'))).toBe(false);
    expect(isUniqueViolation(Object.assign(new Error('like one'), { code: '23505' }))).toBe(false);
  });
});
