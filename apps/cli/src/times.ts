import type { Clock } from '@inthub/contracts';
import { usageError } from './cli-error.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "1500ms", "30s", "5m", "24h" or "7d" in milliseconds; undefined for anything else. */
function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const size = unitMs[unit];
  return count === undefined || size === undefined ? undefined : Number(count) * size;
}

/** @throws CliError naming the flag. */
export function requireDuration(flag: string, text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined && duration > 0) return duration;
  throw usageError(`${flag} "${text}" is not a duration.`, 'Examples: 500ms, 30s, 5m.');
}

/**
 * A moment as the hub wants it (UTC with milliseconds): from ISO 8601, or from a duration before or after now.
 * A time without a zone is in the machine's own; a date alone is midnight UTC (ECMAScript, "Date Time String Format").
 * @throws CliError naming the flag.
 */
export function requireMoment(flag: string, text: string, clock: Clock, direction: 'ago' | 'ahead'): string {
  const duration = parseDuration(text);
  const now = clock.now().getTime();
  const time = duration === undefined ? parseIso(text) : now + (direction === 'ago' ? -duration : duration);
  const moment = new Date(time);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString();
  throw usageError(`${flag} "${text}" is not a time.`, 'Examples: 2026-11-21T10:15:00Z, 2026-11-21, 24h, 7d.');
}

/** Milliseconds, or NaN. Stricter than Date.parse, which takes many forms and turns 30 February into March. */
function parseIso(text: string): number {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}.*)?$/.exec(text.trim()) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCDate() === Number(day) ? Date.parse(text.trim()) : Number.NaN;
}
