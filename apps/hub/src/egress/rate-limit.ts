import type { IncomingHttpHeaders } from 'node:http';
import type { RateLimitHeaders } from '@inthub/connector-sdk';
import type { Clock } from '@inthub/contracts';
import { headerText } from './headers.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { RateLimitState } from './scope.ts';

/**
 * What an answer says about the provider's limit, or undefined. Reads, in this order: the names from the manifest, the structured
 * fields `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), `ratelimit-*` of its older drafts (Docker Hub
 * adds `;w=seconds`), `x-ratelimit-*` and `x-rate-limit-*`; and `Retry-After`.
 */
export function parseRateLimit(
  headers: IncomingHttpHeaders,
  names: RateLimitHeaders | undefined,
  clock: Pick<Clock, 'now'>,
): RateLimitState | undefined {
  // Most answers say nothing, and this runs for each of them: they hold fewer fields than there are names.
  if (!mentions(headers, fieldNamesOf(names))) return undefined;
  const now = clock.now();
  const retryAfterMs = parseRetryAfter(headerText(headers, 'retry-after'), now);
  const state =
    (names === undefined ? undefined : readNamed(headers, names, now)) ??
    readStructured(headers, now) ??
    prefixes.map((prefix) => readTriple(headers, prefix, now)).find((found) => found !== undefined);
  if (retryAfterMs === undefined) return state;
  return { ...state, retryAfterMs };
}

const prefixes = ['ratelimit-', 'x-ratelimit-', 'x-rate-limit-'];
const anyName = new Set([
  'retry-after',
  'ratelimit',
  ...prefixes.flatMap((prefix) => [`${prefix}remaining`, `${prefix}limit`]),
]);

const fieldNames = new WeakMap<RateLimitHeaders, ReadonlySet<string>>();

function mentions(headers: IncomingHttpHeaders, names: ReadonlySet<string>): boolean {
  for (const name in headers) if (names.has(name)) return true;
  return false;
}

/** Where an answer may say something, in lower case; worked out once for each manifest. */
function fieldNamesOf(names: RateLimitHeaders | undefined): ReadonlySet<string> {
  if (names === undefined) return anyName;
  let found = fieldNames.get(names);
  if (found === undefined) {
    const own = [names.limit, names.remaining, names.reset?.name].filter((name) => name !== undefined);
    found = new Set([...anyName, ...own.map((name) => name.toLowerCase())]);
    fieldNames.set(names, found);
  }
  return found;
}

function readNamed(headers: IncomingHttpHeaders, names: RateLimitHeaders, now: Date): RateLimitState | undefined {
  const value = (name: string) => count(headerText(headers, name.toLowerCase()));
  const { reset } = names;
  const resetText = reset === undefined ? undefined : headerText(headers, reset.name.toLowerCase());
  return state(
    value(names.limit),
    value(names.remaining),
    resetText === undefined || reset === undefined ? undefined : namedReset(resetText, reset.unit, now),
  );
}

function namedReset(text: string, unit: ResetForm, now: Date): Date | undefined {
  if (unit === 'date-time') return validDate(Date.parse(text.slice(0, 64)));
  if (unit === 'duration') {
    const ms = durationMs(text);
    return ms === undefined ? undefined : validDate(now.getTime() + ms);
  }
  const resetValue = count(text);
  return resetValue === undefined ? undefined : resetTime(resetValue, unit, now);
}

/** Go's form of a duration (pkg.go.dev/time#Duration.String): `1h2m3.5s`, `20ms`; rounded up to whole milliseconds. */
function durationMs(text: string): number | undefined {
  const [, h, m, s, ms] =
    /^(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?$/.exec(
      text.trim(),
    ) ?? [];
  if (h === undefined && m === undefined && s === undefined && ms === undefined) return undefined;
  return Math.ceil(Number(h ?? 0) * 3_600_000 + Number(m ?? 0) * 60_000 + Number(s ?? 0) * 1000 + Number(ms ?? 0));
}

function validDate(ms: number): Date | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function readTriple(headers: IncomingHttpHeaders, prefix: string, now: Date): RateLimitState | undefined {
  const remaining = headerText(headers, `${prefix}remaining`);
  const limit = headerText(headers, `${prefix}limit`);
  if (remaining === undefined && limit === undefined) return undefined;
  const reset = count(headerText(headers, `${prefix}reset`));
  return state(
    count(limit),
    count(remaining),
    reset === undefined ? undefined : resetTime(reset, guessUnit(reset), now),
  );
}

/** Of several policies the one with the least left; its quota stands in `RateLimit-Policy` under the same name. */
function readStructured(headers: IncomingHttpHeaders, now: Date): RateLimitState | undefined {
  const text = headerText(headers, 'ratelimit');
  if (text === undefined) return undefined;
  const items = parseItems(text);
  let tightest: StructuredItem | undefined;
  for (const item of items) {
    if (item.numbers['r'] !== undefined && (tightest?.numbers['r'] ?? Number.POSITIVE_INFINITY) > item.numbers['r'])
      tightest = item;
  }
  if (tightest !== undefined) {
    const { name, numbers } = tightest;
    const policy = parseItems(headerText(headers, 'ratelimit-policy') ?? '').find((item) => item.name === name);
    const seconds = numbers['t'];
    return state(
      policy?.numbers['q'],
      numbers['r'],
      seconds === undefined ? undefined : resetTime(seconds, 'seconds-from-now', now),
    );
  }
  // Draft 07: limit=100, remaining=50, reset=5
  const pairs = Object.assign({}, ...items.map((item) => item.pair)) as Record<string, number>;
  const reset = pairs['reset'];
  return state(
    pairs['limit'],
    pairs['remaining'],
    reset === undefined ? undefined : resetTime(reset, 'seconds-from-now', now),
  );
}

interface StructuredItem {
  readonly name: string;
  /** Parameters that are whole numbers. */
  readonly numbers: Readonly<Record<string, number>>;
  /** `name=number` standing as an item of its own. */
  readonly pair: Readonly<Record<string, number>>;
}

const maxItems = 16;

/** The little of RFC 9651 that these fields use: a list of names with integer parameters. Never throws. */
function parseItems(text: string): readonly StructuredItem[] {
  const parts = text.slice(0, 2_048).match(/(?:"[^"]*"|[^",])+/g) ?? [];
  return parts.slice(0, maxItems).map((part) => {
    const [head = '', ...parameters] = part.trim().split(';');
    const numbers: Record<string, number> = {};
    for (const parameter of parameters) {
      const [, key, value] = /^\s*([a-z]+)\s*=\s*(\d{1,15})\s*$/.exec(parameter) ?? [];
      if (key !== undefined) numbers[key] = Number(value);
    }
    const [, name, value] = /^([a-z]+)\s*=\s*(\d{1,15})$/.exec(head.trim()) ?? [];
    return { name: head.trim(), numbers, pair: name === undefined ? {} : { [name]: Number(value) } };
  });
}

/** The first whole number of `100`, `100;w=21600`, `100, 100;w=60`, `99.0`. */
function count(text: string | undefined): number | undefined {
  const digits = /^\s*(\d{1,15})(?:\.\d+)?\s*(?:[;,]|$)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

type ResetForm = NonNullable<RateLimitHeaders['reset']>['unit'];
type ResetUnit = 'seconds-from-now' | 'epoch-seconds' | 'epoch-milliseconds';

/** Products that do not say which: numbers this large can only be points in time. */
function guessUnit(value: number): ResetUnit {
  if (value > 100_000_000_000) return 'epoch-milliseconds';
  return value > 1_000_000_000 ? 'epoch-seconds' : 'seconds-from-now';
}

function resetTime(value: number, unit: ResetUnit, now: Date): Date | undefined {
  const ms =
    unit === 'seconds-from-now' ? now.getTime() + value * 1000 : unit === 'epoch-seconds' ? value * 1000 : value;
  return validDate(ms);
}

function state(
  limit: number | undefined,
  remaining: number | undefined,
  resetAt: Date | undefined,
): RateLimitState | undefined {
  if (limit === undefined && remaining === undefined) return undefined;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetAt === undefined ? {} : { resetAt }),
  };
}
