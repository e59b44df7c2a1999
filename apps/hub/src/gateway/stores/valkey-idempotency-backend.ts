import type { BackendClaim, IdempotencyBackend } from './idempotency-backend.ts';
import { outcomeTtlMs } from './idempotency-store.ts';
import { defineScript, type ValkeyConnection } from './valkey-connection.ts';

const now = `
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
else
  now = math.floor(ARGV[1])
end
local function text(x) return string.format('%.17g', x) end
`;

// A key is a hash: f fingerprint, o owner, s state, u lease until, p 1 when safe, r outcome, e expires.
const claimKey = defineScript(`${now}
local fingerprint, owner, safe, lease = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local h = redis.call('HMGET', KEYS[1], 'f', 's', 'u', 'p', 'r', 'e')
if h[1] and tonumber(h[6]) > now then
  if h[1] ~= fingerprint then return { 'mismatch' } end
  if h[2] ~= 'running' then return { h[2], h[5] or '' } end
  if tonumber(h[3]) > now then return { 'running' } end
  if h[4] ~= '1' then return { 'unknown' } end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'f', fingerprint, 'o', owner, 's', 'running', 'u', text(now + lease), 'p', safe,
  'e', text(now + lease + ${outcomeTtlMs}))
redis.call('PEXPIRE', KEYS[1], math.ceil(lease) + ${outcomeTtlMs})
return { 'claimed' }
`);

const endKey = defineScript(`${now}
local h = redis.call('HMGET', KEYS[1], 'o', 's')
if h[1] ~= ARGV[2] or h[2] ~= 'running' then return 0 end
if ARGV[3] == 'released' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 's', ARGV[3], 'r', ARGV[4], 'e', text(now + ${outcomeTtlMs}))
redis.call('PEXPIRE', KEYS[1], ${outcomeTtlMs})
return 1
`);

const isRunning = defineScript(`${now}
local h = redis.call('HMGET', KEYS[1], 's', 'u')
return h[1] == 'running' and tonumber(h[2]) > now and 1 or 0
`);

export interface ValkeyIdempotencyBackendOptions {
  readonly connection: ValkeyConnection;
  readonly prefix?: string;
  /** For tests: epoch milliseconds instead of the server's time. */
  readonly nowMs?: () => number;
}

/** Idempotency keys in Valkey: as durable as that server is. */
export function createValkeyIdempotencyBackend(options: ValkeyIdempotencyBackendOptions): IdempotencyBackend {
  const { connection, prefix = 'inthub:', nowMs } = options;

  function nameOf(key: string): string {
    const slash = key.indexOf('/');
    return `${prefix}{${key.slice(0, slash)}}:idempotency:${key.slice(slash + 1)}`;
  }

  return {
    async claim({ key, fingerprint, safe, leaseMs }, owner) {
      const args = [nowMs?.() ?? '', fingerprint, owner, safe ? 1 : 0, leaseMs];
      const [state, outcome] = (await connection.run(claimKey, [nameOf(key)], args)) as [
        BackendClaim['state'],
        string?,
      ];
      return state === 'finished' ? { state, outcome: outcome ?? '' } : { state };
    },
    async end(key, owner, end) {
      const [state, outcome] = typeof end === 'string' ? [end, ''] : ['finished', end.outcome];
      await connection.run(endKey, [nameOf(key)], [nowMs?.() ?? '', owner, state, outcome]);
    },
    isRunning: async (key) => (await connection.run(isRunning, [nameOf(key)], [nowMs?.() ?? ''])) === 1,
  };
}
