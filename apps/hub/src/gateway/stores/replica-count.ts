// How many replicas count in one Valkey: what each one's share is when it goes away.
import { defineScript, type ValkeyConnection } from './valkey-connection.ts';

/** A replica that was not heard of for this long is gone. */
const goneAfterMs = 15_000;

const announce = defineScript(`
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
else
  now = tonumber(ARGV[1])
end
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${goneAfterMs})
redis.call('PEXPIRE', KEYS[1], ${goneAfterMs * 4})
return redis.call('ZCARD', KEYS[1])
`);

const leave = defineScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

export interface ReplicaCount {
  /** As last heard, this one among them. */
  readonly known: number;
  /** Says that this one lives, and counts anew; to be called every few seconds. */
  refresh(): void;
  leave(): Promise<void>;
}

export interface ReplicaCountOptions {
  readonly connection: ValkeyConnection;
  readonly replica: string;
  readonly prefix: string;
  readonly nowMs: (() => number) | undefined;
}

export function createReplicaCount({ connection, replica, prefix, nowMs }: ReplicaCountOptions): ReplicaCount {
  const keys = [`${prefix}replicas`];
  let known = 1;
  return {
    get known() {
      return known;
    },
    refresh() {
      if (!connection.ready) return;
      connection.run(announce, keys, [nowMs?.() ?? '', replica]).then(
        (count) => {
          known = Math.max(1, Number(count));
        },
        // What was known stands; the connection says itself that it is in trouble.
        () => undefined,
      );
    },
    async leave() {
      if (connection.ready) await connection.run(leave, keys, [replica]).catch(() => undefined);
    },
  };
}
