import { HubError, type IntegrationEvent, type TenantId } from '@inthub/contracts';
import type { Database } from '../database/database.ts';
import type { LogPosition } from './bus/log-repository.ts';
import type { LogTail } from './bus/tail.ts';
import { type StreamPosition, selectBetween, selectPosition } from './event-stream-repository.ts';
import { matchesType, parseTypePattern, type TypePattern } from './type-pattern.ts';

/** What a live stream consists of. After `cut_off` nothing follows. */
export type StreamItem =
  | { readonly kind: 'event'; readonly event: IntegrationEvent }
  | { readonly kind: 'cut_off'; readonly reason: CutOffReason };

/**
 * `too_slow`: more than 1 000 events or 8 MiB waited for the reader. `too_far_behind`: more than 10 000 events lie between Last-Event-ID
 * and now. `closing`: the hub stops; connect again.
 */
export type CutOffReason = 'too_slow' | 'too_far_behind' | 'closing';

export interface EventStreams {
  /**
   * The tenant's events from now on, or from behind the event `lastEventId`; each once, in the order of the log.
   * @throws HubError `rate_limited` with too many open streams, `not_found` for an unknown `lastEventId`
   */
  open(tenantId: TenantId, query: StreamQuery): Promise<EventStream>;
  /** Ends all streams with `cut_off: closing`; new ones are refused. */
  close(): void;
}

export interface EventStream {
  /** Ends with `cut_off`. */
  readonly items: AsyncGenerator<StreamItem, void>;
  /** Must be called in the end; ends `items` too. May be called twice. */
  stop(): void;
}

export interface StreamQuery {
  /** Type pattern; default `*`. */
  readonly type?: string;
  readonly source?: string;
  readonly lastEventId?: string;
}

const mostStreams = 20;
const mostWaiting = { events: 1_000, bytes: 8 * 1024 * 1024 };
const pageSize = 500;
const mostMissed = 10_000;

/** Live streams over the end of the log; all of a process share one reader. */
export function createEventStreams({
  database,
  tail,
}: {
  readonly database: Database;
  readonly tail: LogTail;
}): EventStreams {
  const openByTenant = new Map<string, number>();
  const endings = new Set<(reason: CutOffReason) => void>();
  let isClosed = false;

  function count(tenantId: string, change: 1 | -1): void {
    const now = (openByTenant.get(tenantId) ?? 0) + change;
    if (now <= 0) openByTenant.delete(tenantId);
    else openByTenant.set(tenantId, now);
  }

  async function* missed(
    tenantId: TenantId,
    query: { after: StreamPosition; upTo: LogPosition; pattern: TypePattern; source?: string },
  ): AsyncGenerator<StreamItem, boolean> {
    let { after } = query;
    for (let sent = 0; sent < mostMissed; ) {
      const page = await database.tenant(tenantId, (tx) => selectBetween(tx, { ...query, after, limit: pageSize }));
      for (const { event } of page) yield { kind: 'event', event };
      sent += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return true;
      after = last.position;
    }
    yield { kind: 'cut_off', reason: 'too_far_behind' };
    return false;
  }

  return {
    async open(tenantId, { type = '*', source, lastEventId }) {
      const pattern = parseTypePattern(type);
      if (isClosed) throw new HubError('unavailable', 'The hub is stopping.');
      if ((openByTenant.get(tenantId) ?? 0) >= mostStreams) {
        throw new HubError('rate_limited', `There are ${mostStreams} open event streams already; close one first.`);
      }
      count(tenantId, 1);
      const live = createQueue();
      const onEvent = (event: IntegrationEvent) => {
        if (
          event.tenantId === tenantId &&
          matchesType(pattern, event.type) &&
          (source ?? event.source) === event.source
        ) {
          live.push(event);
        }
      };
      endings.add(live.end);
      const listening = tail.listen(onEvent);
      let isStopped = false;
      const stop = () => {
        if (isStopped) return;
        isStopped = true;
        endings.delete(live.end);
        count(tenantId, -1);
        live.end('closing');
        listening.then(
          (listener) => listener.stop(),
          () => undefined,
        );
      };
      try {
        const { from } = await listening;
        const after =
          lastEventId === undefined
            ? undefined
            : await database.tenant(tenantId, (tx) => selectPosition(tx, lastEventId));
        if (lastEventId !== undefined && after === undefined) {
          throw new HubError('not_found', 'Last-Event-ID names no event that is still there; connect without it.');
        }
        const query = after && { after, upTo: from, pattern, ...(source === undefined ? {} : { source }) };
        return { items: run(query), stop };
      } catch (error) {
        stop();
        throw error;
      }

      async function* run(query: Parameters<typeof missed>[1] | undefined): AsyncGenerator<StreamItem, void> {
        if (query !== undefined && !(yield* missed(tenantId, query))) return;
        for (;;) {
          const item = await live.next();
          yield item;
          if (item.kind === 'cut_off') return;
        }
      }
    },
    close() {
      isClosed = true;
      for (const end of endings) end('closing');
    },
  };
}

interface Queue {
  push(event: IntegrationEvent): void;
  /** Drops what waits. */
  readonly end: (reason: CutOffReason) => void;
  next(): Promise<StreamItem>;
}

function createQueue(): Queue {
  let waiting: { readonly event: IntegrationEvent; readonly bytes: number }[] = [];
  let bytes = 0;
  let ended: CutOffReason | undefined;
  let wake: (() => void) | undefined;

  function end(reason: CutOffReason): void {
    ended ??= reason;
    waiting = [];
    bytes = 0;
    wake?.();
  }
  return {
    end,
    push(event) {
      if (ended !== undefined) return;
      const size = JSON.stringify(event.data).length;
      bytes += size;
      waiting.push({ event, bytes: size });
      if (waiting.length > mostWaiting.events || bytes > mostWaiting.bytes) end('too_slow');
      else wake?.();
    },
    async next() {
      for (;;) {
        if (ended !== undefined) return { kind: 'cut_off', reason: ended };
        const first = waiting.shift();
        if (first !== undefined) {
          bytes -= first.bytes;
          return { kind: 'event', event: first.event };
        }
        const woken = Promise.withResolvers<void>();
        wake = woken.resolve;
        await woken.promise;
        wake = undefined;
      }
    },
  };
}
