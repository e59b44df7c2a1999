import { type Clock, HubError } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';

/** The part of `fetch` that is needed; `app` hands in one, because this is platform traffic to an address of the operator. */
export type PlatformFetch = (
  url: string,
  options: { headers: Headers; method: 'GET'; redirect: 'manual'; signal: AbortSignal },
) => Promise<Response>;

const timeoutMs = 5000;
const maxBytes = 512 * 1024;
/** After a failure nobody asks again for this long, so that a flood of tokens does not become a flood at the identity provider. */
const pauseMs = 5000;

/**
 * Reads a JSON document of the identity provider: status 200, no redirect, bounded in size and time.
 * @throws HubError `unavailable`
 */
export function createIssuerFetch(deps: { fetch: PlatformFetch; clock: Clock; log: Log }): PlatformFetch {
  const { fetch, clock, log } = deps;
  const pausedUntilMs = new Map<string, number>();

  return async (url, options) => {
    if ((pausedUntilMs.get(url) ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs()) throw unreachable();
    try {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
      const response = await fetch(url, { ...options, redirect: 'manual', signal });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new HubError('unavailable', `The identity provider answered with status ${response.status}.`);
      }
      const text = await readBounded(response);
      JSON.parse(text);
      pausedUntilMs.delete(url);
      return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } });
    } catch (error) {
      // Two documents at most are ever asked for, so the map stays small.
      pausedUntilMs.set(url, clock.monotonicMs() + pauseMs);
      log.warn({ err: error, url }, 'identity provider could not be read');
      throw unreachable(error);
    }
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new HubError('unavailable', 'The answer of the identity provider is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(cause?: unknown): HubError {
  return new HubError(
    'unavailable',
    'The identity provider cannot be reached, so tokens cannot be checked. API keys work.',
    {
      retryAfterMs: pauseMs,
      cause,
    },
  );
}
