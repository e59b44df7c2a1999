import type { HttpRequest, HttpResponse } from '@inthub/connector-sdk';
import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import { createResponse } from './response.ts';
import type { EgressScope } from './scope.ts';

type Send = (wanted: HttpRequest) => Promise<HttpResponse>;

/** Answers that a provider gave an `ETag` with, kept to be asked for by it. In memory, bounded. */
export interface AnswerStore {
  /** `send`, which asks with `If-None-Match` (RFC 9110 §13.1.2) where a request allows it, and gives the kept answer on 304. */
  revalidating(scope: EgressScope, send: Send): Send;
}

interface KeptAnswer {
  readonly etag: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `Clock.monotonicMs` value. */
  readonly untilMs: number;
}

const maxBytes = 32 * 1024 * 1024;
const maxEntryBytes = 512 * 1024;
/** What nobody asks for again within this is dropped when it is next met. */
const keptMs = 3_600_000;
/** RFC 9110 §8.8.3; longer ones are not worth a header. */
const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,256}"$/;

export function createAnswerStore(
  clock: Pick<Clock, 'monotonicMs'>,
  limits = { maxBytes, maxEntryBytes },
): AnswerStore {
  const kept = new LRUCache<string, KeptAnswer>({
    maxSize: limits.maxBytes,
    maxEntrySize: limits.maxEntryBytes,
    sizeCalculation: ({ body, headers }, key) => body.length + JSON.stringify(headers).length + key.length + 200,
  });

  function find(key: string, wanted: HttpRequest): KeptAnswer | undefined {
    const found = kept.get(key);
    if (found === undefined) return undefined;
    if (clock.monotonicMs() < found.untilMs && found.body.length <= (wanted.maxBytes ?? maxEntryBytes)) return found;
    kept.delete(key);
    return undefined;
  }

  return {
    revalidating: (scope, send) => (wanted) => {
      return wanted.revalidate === true ? revalidate(scope, wanted, send) : send(wanted);
    },
  };

  async function revalidate(scope: EgressScope, wanted: HttpRequest, send: Send): Promise<HttpResponse> {
    const key = keyOf(scope, wanted);
    if (key === undefined) return send(wanted);
    const known = find(key, wanted);
    if (known === undefined) return keep(key, await send(wanted));
    const response = await send({
      ...wanted,
      headers: { ...wanted.headers, 'if-none-match': known.etag },
      expect: [...(wanted.expect ?? []), 304],
    });
    if (response.status !== 304) return keep(key, response);
    // RFC 9111 §4.3.4: the newer fields count, for example what is left of a limit. Those of the empty body do not.
    const headers = { ...known.headers, ...fieldsOf(response), ...bodyFieldsOf(known.headers) };
    kept.set(key, { ...known, headers, untilMs: clock.monotonicMs() + keptMs });
    return fromKept({ ...known, headers });
  }

  async function keep(key: string, response: HttpResponse): Promise<HttpResponse> {
    const etag = response.headers.get('etag');
    if (response.status !== 200 || etag === undefined || !entityTag.test(etag)) {
      kept.delete(key);
      return response;
    }
    const body = Buffer.from(await response.bytes());
    const { url } = response;
    kept.set(key, { etag, url, headers: fieldsOf(response), body, untilMs: clock.monotonicMs() + keptMs });
    return response;
  }
}

/** Undefined for what is not to be kept. The answer may depend on everything in the key, and on nothing beside it but the provider. */
function keyOf({ tenantId, integrationId, config }: EgressScope, wanted: HttpRequest): string | undefined {
  const { method, path, query, headers = {}, accept, auth, stream } = wanted;
  if (method !== 'GET' || stream === true) return undefined;
  if (Object.keys(headers).some((name) => /^(?:range|if-.*)$/i.test(name))) return undefined;
  return JSON.stringify([tenantId, integrationId, config.endpoint, path, query, headers, accept, auth]);
}

function fieldsOf(response: HttpResponse): Record<string, string> {
  return Object.fromEntries(response.headers.entries());
}

function bodyFieldsOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const fields = ['content-type', 'content-length', 'content-encoding', 'etag'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => fields.includes(name)));
}

function fromKept({ url, headers, body }: KeptAnswer): HttpResponse {
  return createResponse({ status: 200, headers, body }, { url, host: new URL(url).host, stream: false });
}
