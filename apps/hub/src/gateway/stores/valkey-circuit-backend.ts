import type { CircuitBackend, SharedCircuit } from './circuit-backend.ts';
import { defineScript, type ValkeyConnection } from './valkey-connection.ts';

const dayMs = 86_400_000;

const now = `
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 + t[2] / 1000
else
  now = tonumber(ARGV[1])
end
local function text(x) return string.format('%.17g', x) end
`;

const readCircuit = defineScript(`${now}
return { text(now), redis.call('GET', KEYS[1]) }
`);

/** ARGV: time, version that must still stand, the next one's text, its life. The text begins with its version and a space. */
const swapCircuit = defineScript(`${now}
local current = redis.call('GET', KEYS[1])
local version = current and string.match(current, '^%d+') or '0'
if version ~= ARGV[2] then return { text(now), '0', current } end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return { text(now), '1' }
`);

export interface ValkeyCircuitBackendOptions {
  readonly connection: ValkeyConnection;
  readonly prefix?: string;
  /** For tests: epoch milliseconds instead of the server's time. */
  readonly nowMs?: () => number;
}

/** Breakers in Valkey, each for a day after its last change, or after the time for which it is open. */
export function createValkeyCircuitBackend(options: ValkeyCircuitBackendOptions): CircuitBackend {
  const { connection, prefix = 'inthub:', nowMs } = options;

  function nameOf(key: string): string {
    const slash = key.indexOf('/');
    return `${prefix}{${key.slice(0, slash)}}:circuit:${key.slice(slash + 1)}`;
  }

  return {
    async load(keys) {
      const replies = await Promise.all(
        keys.map(async (key) => {
          const [time, text] = (await connection.run(readCircuit, [nameOf(key)], [nowMs?.() ?? ''])) as string[];
          return { key, time: Number(time), text };
        }),
      );
      const circuits = new Map<string, SharedCircuit>();
      for (const { key, text } of replies) if (text !== undefined && text !== null) circuits.set(key, parse(text));
      return { nowMs: replies.at(-1)?.time ?? Number.NaN, circuits };
    },

    async save(key, { version, record, probes }) {
      const text = `${version + 1} ${JSON.stringify({ record, probes })}`;
      const openMs = Math.max(0, (record.nextRetryMs ?? 0) - (record.openedMs ?? 0));
      const args = [nowMs?.() ?? '', version, text, Math.ceil(openMs + dayMs)];
      const [time, saved, current] = (await connection.run(swapCircuit, [nameOf(key)], args)) as string[];
      if (saved === '1') return { saved: true, nowMs: Number(time) };
      return { saved: false, nowMs: Number(time), current: current == null ? undefined : parse(current) };
    },
  };
}

function parse(text: string): SharedCircuit {
  const space = text.indexOf(' ');
  return { version: Number(text.slice(0, space)), ...JSON.parse(text.slice(space + 1)) };
}
