import type { Clock } from '@inthub/contracts';
import { matchesType, type TypePattern } from '../type-pattern.ts';

export const newsChannel = 'inthub_events';

/** Types that were committed; null: anything may have been. */
export type NewTypes = ReadonlySet<string> | null;

/**
 * Word of new events: at once inside this process, by NOTIFY to the others. Only word: whoever hears it reads the log, and who misses it
 * looks there now and then anyway. It is given after the commit and not in it, because NOTIFY inside a transaction makes all commits of
 * the server that notify stand in line (PostgreSQL, src/backend/commands/async.c, PreCommit_Notify).
 */
export interface EventNews {
  /** This process has committed events of these types. */
  committed(types: readonly string[]): void;
  /** A notification of `newsChannel`. */
  heard(payload: string): void;
  /** Nothing was heard for a while. */
  missed(): void;
  /** @returns ends it */
  listen(listener: (types: NewTypes) => void): () => void;
}

export interface EventNewsOptions {
  readonly clock: Clock;
  /** Tells the other processes; may reject. Absent: there are none. */
  readonly announce?: (payload: string) => Promise<void>;
  /** Of this process, so that it does not hear itself. */
  readonly sender: string;
}

/** Between two notifications: what is committed meanwhile goes together. */
const spacingMs = 2;
const mostTypes = 30;

export function createEventNews({ clock, announce, sender }: EventNewsOptions): EventNews {
  const listeners = new Set<(types: NewTypes) => void>();
  let untold = new Set<string>();
  let isTelling = false;

  function tell(types: NewTypes): void {
    for (const listener of listeners) listener(types);
  }

  async function announceAll(send: (payload: string) => Promise<void>): Promise<void> {
    isTelling = true;
    while (untold.size > 0) {
      const types = untold.size > mostTypes ? '*' : [...untold].join(',');
      untold = new Set();
      // The others look at the log themselves when they hear nothing.
      await send(`${sender} ${types}`).catch(() => undefined);
      await clock.sleep(spacingMs);
    }
    isTelling = false;
  }

  return {
    committed(types) {
      tell(new Set(types));
      if (announce === undefined) return;
      for (const type of types) untold.add(type);
      if (!isTelling) void announceAll(announce);
    },
    heard(payload) {
      const [from, types = '*'] = payload.split(' ');
      if (from !== sender) tell(types === '*' ? null : new Set(types.split(',')));
    },
    missed: () => tell(null),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export function concerns(types: NewTypes, pattern: TypePattern): boolean {
  if (types === null || pattern === 'any') return true;
  for (const type of types) if (matchesType(pattern, type)) return true;
  return false;
}
