import Type from 'typebox';

/** UTC ISO 8601 with milliseconds, as `Date.toISOString` writes it. */
export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-11-21T10:15:30.000Z'] });
export const NullableTimestamp = Type.Union([Timestamp, Type.Null()]);
