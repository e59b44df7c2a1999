// One step of the shared limits, inside Valkey: up to two accounts (a tenant's, an integration's) give all that is asked or nothing.
import { sameWindowMs } from './limit-store.ts';
import { defineScript } from './valkey-connection.ts';

/** What a step asks of one account. A limit of 0 is none. */
export interface AccountQuestion {
  readonly kind: 'tenant' | 'connector';
  readonly minuteLimit: number;
  /** Tokens without which the call cannot go; never more than the limit. */
  readonly minuteNeed: number;
  /** Tokens to take along for calls to come. */
  readonly minuteWant: number;
  readonly hourLimit: number;
  readonly hourNeed: number;
  readonly hourWant: number;
  readonly slotLimit: number;
  readonly slotNeed: number;
  /** Slots that calls of this replica hold now: it never counts for less. */
  readonly inUse: number;
  /** Slots that this replica gives back. */
  readonly slotsBack: number;
  /** 1: forget what this replica was thought to hold; the connection was lost in between. */
  readonly reset: 0 | 1;
  /** Requests of the provider's own window; -1 for an account that has none. */
  readonly externalNeed: number;
  readonly externalWant: number;
  readonly externalBack: number;
  /** The window that `externalBack` was taken from. */
  readonly window: string;
}

export interface AccountAnswer {
  readonly minuteGot: number;
  /** Milliseconds until the shared bucket is full. */
  readonly minuteFullInMs: number;
  readonly hourGot: number;
  readonly hourFullInMs: number;
  /** Somebody was refused for want of a slot within the last seconds. */
  readonly contended: boolean;
  /** This very question was refused a slot. */
  readonly full: boolean;
  /** The provider lets nothing pass for this long; 0 or less when it does. */
  readonly blockedInMs: number;
  /** Its window ends in; 0 or less when there is none. */
  readonly windowInMs: number;
  readonly window: string;
  /** Requests left in that window. */
  readonly externalLeft: number;
  readonly externalGot: number;
}

export interface StepRefusal {
  readonly limitType: 'tenant' | 'connector' | 'external';
  readonly retryAfterMs: number;
  readonly remaining: number;
  readonly resetInMs: number;
}

export interface StepAnswer {
  readonly refusal: StepRefusal | null;
  readonly accounts: readonly AccountAnswer[];
}

/** @param nowMs Epoch milliseconds instead of the server's own time; for tests. */
export interface StepHead {
  readonly nowMs: number | undefined;
  readonly replica: string;
  readonly slotTtlMs: number;
}

/** No bucket, block or window of ours lasts longer than an hour. */
const keyTtlMs = 2 * 3_600_000;
const fieldsOut = 11;

// Of what is left, each replica takes along no more than a sixteenth (of the provider's own requests a sixty-fourth): a bucket that
// runs low is shared out call by call.
//
// An account is a hash: `m`, `h` when its buckets will be full; `f` until when slots are contended; `s:<replica>` "slots until";
// `b` blocked until; `w`, `l` end of the provider's window and what is left in it. Times are milliseconds since 2026, so that doubles
// hold them to the nanosecond. The arithmetic is that of token-bucket.ts.
export const limitStep = defineScript(`
local MINUTE, HOUR, GRACE, FULL_WAIT, CONTENDED = 60000, 3600000, 0.01, 1000, 2000
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 - 1767225600000 + t[2] / 1000
else
  now = ARGV[1] - 1767225600000
end
local replica, slotTtl, keyTtl = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local function text(x) return string.format('%.17g', x) end

local refusal = false
local function refuse(kind, wait, remaining, reset)
  if not refusal or wait > refusal[2] then refusal = { kind, wait, remaining, reset } end
end

local function check(kind, full, limit, period, need)
  if limit == 0 or need <= 0 then return end
  local wait = math.max(full, now) + need * period / limit - now - period
  if wait <= GRACE then return end
  local missing = math.max(0, full - now) * limit / period
  refuse(kind, wait, math.max(0, math.floor(limit - missing + 0.001)), full - now)
end

local function draw(full, limit, period, need, want)
  if limit == 0 then return full, 0 end
  local have = limit - math.max(0, full - now) * limit / period
  local got = need + math.max(0, math.min(want, math.floor((have - need) / 16)))
  if got <= 0 then return full, 0 end
  return math.max(full, now) + got * period / limit, got
end

local names = { 'kind', 'minuteLimit', 'minuteNeed', 'minuteWant', 'hourLimit', 'hourNeed', 'hourWant', 'slotLimit', 'slotNeed',
  'inUse', 'slotsBack', 'reset', 'externalNeed', 'externalWant', 'externalBack', 'window' }

local function read(i)
  local q = {}
  for j, name in ipairs(names) do
    local value = ARGV[4 + (i - 1) * #names + j]
    q[name] = (name == 'kind' or name == 'window') and value or tonumber(value)
  end
  local a = { q = q, key = KEYS[i], others = 0, own = 0, gone = {}, m = 0, h = 0, f = 0, b = 0, w = 0, l = 0, window = '' }
  local flat = redis.call('HGETALL', a.key)
  for j = 1, #flat, 2 do
    local field, value = flat[j], flat[j + 1]
    if string.sub(field, 1, 2) == 's:' then
      local count, till = string.match(value, '^(%S+) (%S+)$')
      if tonumber(till) <= now then
        table.insert(a.gone, field)
      elseif string.sub(field, 3) == replica then
        a.own = tonumber(count)
      else
        a.others = a.others + count
      end
    else
      if field == 'w' then a.window = value end
      a[field] = tonumber(value)
    end
  end
  a.exists = #flat > 0
  a.left = a.l
  if a.w > now and a.window == q.window then a.left = a.left + q.externalBack end
  a.held = q.reset == 1 and q.inUse or math.max(a.own - q.slotsBack, q.inUse)
  return a
end

local accounts = {}
for i = 1, #KEYS do
  local a = read(i)
  local q = a.q
  accounts[i] = a
  if q.externalNeed >= 0 then
    if a.b > now then refuse('external', a.b - now, 0, a.b - now) end
    if a.w > now and a.left < q.externalNeed then refuse('external', a.w - now, 0, a.w - now) end
  end
  check(q.kind, a.m, q.minuteLimit, MINUTE, q.minuteNeed)
  check(q.kind, a.h, q.hourLimit, HOUR, q.hourNeed)
  if q.slotLimit > 0 and q.slotNeed > 0 and a.others + a.held + q.slotNeed > q.slotLimit then
    refuse(q.kind, FULL_WAIT, 0, FULL_WAIT)
    a.full = true
  end
end

local out = { '', '0', '0', '0' }
if refusal then out = { refusal[1], text(refusal[2]), text(refusal[3]), text(refusal[4]) } end
for _, a in ipairs(accounts) do
  local q, set = a.q, {}
  local function put(field, value)
    table.insert(set, field)
    table.insert(set, value)
  end
  local gotM, gotH, gotE, m, h = 0, 0, 0, a.m, a.h
  if not refusal then
    m, gotM = draw(a.m, q.minuteLimit, MINUTE, q.minuteNeed, q.minuteWant)
    h, gotH = draw(a.h, q.hourLimit, HOUR, q.hourNeed, q.hourWant)
    if gotM > 0 then put('m', text(m)) end
    if gotH > 0 then put('h', text(h)) end
    if q.slotLimit > 0 then a.held = a.held + q.slotNeed end
    if a.w > now and q.externalNeed > 0 then
      gotE = q.externalNeed + math.max(0, math.min(q.externalWant, math.floor((a.left - q.externalNeed) / 64)))
      a.left = a.left - gotE
    end
  end
  if a.full then
    a.f = now + CONTENDED
    put('f', text(a.f))
  end
  if a.left ~= a.l then put('l', text(a.left)) end
  if a.held > 0 then
    put('s:' .. replica, text(a.held) .. ' ' .. text(now + slotTtl))
  elseif a.own > 0 then
    table.insert(a.gone, 's:' .. replica)
  end
  if #a.gone > 0 then redis.call('HDEL', a.key, unpack(a.gone)) end
  if #set > 0 then redis.call('HSET', a.key, unpack(set)) end
  if a.exists or #set > 0 then redis.call('PEXPIRE', a.key, keyTtl) end
  for _, value in ipairs({ text(gotM), text(m - now), text(gotH), text(h - now), a.f > now and '1' or '0', text(a.b - now),
    text(a.w - now), a.window, text(a.left), text(gotE), a.full and '1' or '0' }) do
    table.insert(out, value)
  end
end
return out
`);

export function stepArguments(head: StepHead, questions: readonly AccountQuestion[]): (string | number)[] {
  const args: (string | number)[] = [head.nowMs ?? '', head.replica, head.slotTtlMs, keyTtlMs];
  for (const q of questions) {
    args.push(q.kind, q.minuteLimit, q.minuteNeed, q.minuteWant, q.hourLimit, q.hourNeed, q.hourWant);
    args.push(q.slotLimit, q.slotNeed, q.inUse, q.slotsBack, q.reset);
    args.push(q.externalNeed, q.externalWant, q.externalBack, q.window);
  }
  return args;
}

export function stepAnswerOf(reply: unknown): StepAnswer {
  const [limitType, retryAfterMs, remaining, resetInMs, ...rest] = reply as string[];
  const accounts: AccountAnswer[] = [];
  for (let at = 0; at < rest.length; at += fieldsOut) {
    const number = (index: number) => Number(rest[at + index]);
    accounts.push({
      minuteGot: number(0),
      minuteFullInMs: number(1),
      hourGot: number(2),
      hourFullInMs: number(3),
      contended: rest[at + 4] === '1',
      blockedInMs: number(5),
      windowInMs: number(6),
      window: rest[at + 7] ?? '',
      externalLeft: number(8),
      externalGot: number(9),
      full: rest[at + 10] === '1',
    });
  }
  const refusal =
    limitType === ''
      ? null
      : {
          limitType: limitType as StepRefusal['limitType'],
          retryAfterMs: Number(retryAfterMs),
          remaining: Number(remaining),
          resetInMs: Number(resetInMs),
        };
  return { refusal, accounts };
}

/** The provider's own words. ARGV: time ('' for the server's), Retry-After, remaining (-1 for unsaid), reset in; all in ms. */
export const limitReport = defineScript(`
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 - 1767225600000 + t[2] / 1000
else
  now = ARGV[1] - 1767225600000
end
local function text(x) return string.format('%.17g', x) end
local retry, remaining, reset = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local old = redis.call('HMGET', KEYS[1], 'b', 'w', 'l')
local b, w, l = tonumber(old[1] or 0), tonumber(old[2] or 0), tonumber(old[3] or 0)
local window = old[2] or ''
if retry > 0 then
  b = math.max(b, now + retry)
  redis.call('HSET', KEYS[1], 'b', text(b))
end
if remaining >= 0 then
  local ends = now + reset
  if w > now and math.abs(ends - w) <= ${sameWindowMs} then
    l = math.min(l, remaining)
  else
    w, l, window = ends, remaining, text(ends)
  end
  redis.call('HSET', KEYS[1], 'w', window, 'l', text(l))
end
redis.call('PEXPIRE', KEYS[1], ${keyTtlMs})
return { text(b - now), text(w - now), window, text(l) }
`);
