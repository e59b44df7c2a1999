import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';

/** A token that was asked for, and until when it is used. */
export interface Token {
  readonly value: string;
  /** `Clock.monotonicMs` value. */
  readonly untilMs: number;
}

/** Tokens in memory, bounded; one request at a time for each key, however many calls wait for it. */
export interface TokenStore {
  /** The token that is kept, or the one that `fetch` brings. A failure is not kept. */
  get(key: string, fetch: () => Promise<Token>): Promise<Token>;
  /** Drops the token if it is still this one: another call may have renewed it already. */
  drop(key: string, value: string): void;
  /** What a registry answered to a request without a token (see registry-challenge). */
  readonly challenges: LRUCache<string, RememberedChallenge>;
}

export interface RememberedChallenge {
  readonly scheme: 'bearer' | 'basic';
  readonly realm: string;
  readonly service: string | undefined;
  readonly scope: string | undefined;
}

const maxTokens = 10_000;

export function createTokenStore(clock: Clock): TokenStore {
  const tokens = new LRUCache<string, Token>({ max: maxTokens });
  const pending = new Map<string, Promise<Token>>();

  async function load(key: string, fetch: () => Promise<Token>): Promise<Token> {
    try {
      const token = await fetch();
      tokens.set(key, token);
      return token;
    } finally {
      pending.delete(key);
    }
  }

  return {
    challenges: new LRUCache({ max: maxTokens }),
    async get(key, fetch) {
      const kept = tokens.get(key);
      if (kept !== undefined && clock.monotonicMs() < kept.untilMs) return kept;
      let loading = pending.get(key);
      if (loading === undefined) {
        loading = load(key, fetch);
        pending.set(key, loading);
      }
      return loading;
    },
    drop(key, value) {
      if (tokens.peek(key)?.value === value) tokens.delete(key);
    },
  };
}

/** Used until shortly before it ends (a tenth of its life, at most `marginSeconds`): the request still has to arrive, and clocks differ. */
export function lastingToken(value: string, lifetimeSeconds: number, sentMs: number, marginSeconds = 30): Token {
  const lifetimeMs = Math.max(0, lifetimeSeconds * 1000);
  return { value, untilMs: sentMs + lifetimeMs - Math.min(marginSeconds * 1000, lifetimeMs * 0.1) };
}
