import type { IncomingHttpHeaders } from 'node:http';
import { type Clock, HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { CallBounds } from './call-bounds.ts';
import type { DeadlineWatch } from './deadline.ts';
import { exchange } from './exchange.ts';
import { createHostRules } from './host-rules.ts';
import { type EgressPolicy, type HostPolicy, parseTarget, type Target } from './policy.ts';
import type { Pools } from './pools.ts';
import type { TenantRules } from './tenant-rules.ts';

/** One POST to an address that a tenant chose; the body is sent as it is, because it is signed. */
export interface Post {
  readonly tenantId: string;
  /** http or https, no credentials inside. */
  readonly url: string;
  /** Lower-case names. `content-length` and `host` are set here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
}

export interface PostAnswer {
  /** Any status, redirects too: nothing is followed. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked; cut after 64 KiB, and then the connection is given up. */
  readonly body: Buffer;
}

export interface Poster {
  readonly attempts: number;
  /**
   * Under the same policy as everything else that leaves: allow-list and tenant rules, pinned DNS, offline mode. Without credentials, retries,
   * redirects and traces.
   * @throws HubError for everything that is not an answer: `egress_denied`, `offline`, `provider_unreachable`, `provider_timeout` …
   */
  post(post: Post): Promise<PostAnswer>;
  /** Whether this could be sent to, as far as can be said without connecting. @throws HubError `egress_denied`. */
  checkUrl(tenantId: string, url: string): Promise<void>;
}

interface Place {
  readonly target: Target;
  readonly hosts: HostPolicy;
  /** Path and query. */
  readonly path: string;
  /** The policy that has let it pass; the socket is judged anew whenever one is opened. */
  allowedBy: EgressPolicy | undefined;
}

export interface PosterParts {
  readonly pools: Pools;
  readonly clock: Clock;
  readonly watch: DeadlineWatch;
  readonly rulesOf: (tenantId: string) => TenantRules | Promise<TenantRules>;
  readonly userAgent: string;
}

const maxPlaces = 10_000;
const none = createHostRules([]);
/** Nobody calls a send off: it ends within its own time limit. */
const unbounded: CallBounds = {
  deadlineMs: Number.POSITIVE_INFINITY,
  refusal: () => undefined,
  deadlineError: () => new HubError('provider_timeout'),
  leave() {},
  add() {},
  remove() {},
  race: (promise) => promise,
};

export function createPoster({ pools, clock, watch, rulesOf, userAgent }: PosterParts): Poster {
  const places = new LRUCache<string, Place>({ max: maxPlaces });
  let attempts = 0;

  function placeOf(text: string): Place {
    let place = places.get(text);
    if (place === undefined) {
      const { url, ...target } = parseTarget(text, 'url');
      place = {
        target,
        hosts: { endpoint: target, allowed: none, blocked: none },
        path: `${url.pathname}${url.search}`,
        allowedBy: undefined,
      };
      places.set(text, place);
    }
    return place;
  }

  return {
    get attempts() {
      return attempts;
    },
    async checkUrl(tenantId, url) {
      const { policy } = await rulesOf(tenantId);
      const { target, hosts } = placeOf(url);
      policy.checkTarget(target, hosts);
    },
    async post({ tenantId, url, headers, body, timeoutMs }) {
      const found = rulesOf(tenantId);
      const { offline, policy } = found instanceof Promise ? await found : found;
      if (offline !== undefined) throw offline();
      const place = placeOf(url);
      const { target, hosts, path } = place;
      if (place.allowedBy !== policy) policy.checkTarget(target, hosts);
      place.allowedBy = policy;
      const route = pools.get({
        tenantId,
        policy,
        target,
        authority: undefined,
        identity: undefined,
        proxy: undefined,
      });
      attempts += 1;
      try {
        const answer = await exchange(
          {
            route,
            host: target.host,
            proxy: undefined,
            method: 'POST',
            path,
            headers: { 'user-agent': userAgent, accept: '*/*', ...headers },
            body,
            maxBytes: 0,
            stream: false,
            // Every answer is kept as a fault's is: its beginning, whatever it is.
            accepts: () => false,
            limits: { endMs: clock.monotonicMs() + timeoutMs, headersMs: timeoutMs, idleMs: timeoutMs },
            bounds: unbounded,
            onEnd() {},
          },
          clock,
          watch,
        );
        return {
          status: answer.status,
          headers: answer.headers,
          body: Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0),
        };
      } catch (error) {
        throw inWordsOfUrls(HubError.from(error));
      }
    },
  };
}

/** The advice of other errors names an integration's settings, which a bare URL has none of. */
function inWordsOfUrls(error: HubError): HubError {
  if (!error.message.includes('config.')) return error;
  const message = error.message
    .replaceAll('config.endpoint', 'the url')
    .replaceAll(/[^.]*config\.network\.caCertificate[^.]*\.?/g, '')
    .trim();
  const { code, details, blame, retryable, cause } = error;
  return new HubError(code, message, { details, blame, retryable, cause });
}
