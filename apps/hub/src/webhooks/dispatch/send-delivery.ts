import type { IncomingHttpHeaders } from 'node:http';
import { type Blame, type Clock, cloudEventOf, HubError, storableText } from '@inthub/contracts';
import { type Poster, parseRetryAfter } from '../../egress/egress.ts';
import type { AttemptRecord } from './outcome-repository.ts';
import type { Job } from './queue-row.ts';
import { signatureHeaders } from './signing.ts';
import type { Target } from './targets.ts';

/** What one try came to. */
export interface Sent {
  readonly attempt: AttemptRecord;
  readonly success: boolean;
  /** Who is at fault for a failure; null for a success. */
  readonly blame: Blame | null;
  /** Nothing was tried, for a reason on this side (offline, stopping): it counts as no attempt. */
  readonly deferred: boolean;
  readonly retryAfterMs: number | undefined;
  /** 410: the endpoint wants no more. */
  readonly gone: boolean;
}

export interface SendDeps {
  readonly post: Poster['post'];
  readonly clock: Clock;
  /** Takes secrets of a tenant out of a text. */
  readonly redact: (text: string, tenantId: string) => string;
}

const maxKeptBytes = 16_384;
const maxKeptHeader = 1_024;
const maxKeptHeaders = 50;
const hiddenRequestHeaders = new Set(['webhook-signature', 'x-hub-signature-256']);
const hiddenResponseHeaders = /^(?:set-cookie|authorization|www-authenticate|proxy-.*|.*(?:token|secret|api-?key).*)$/;
const hidden = '[redacted]';

/** Builds, signs and sends one delivery once. Never rejects: a failure is an outcome too. */
export async function sendDelivery(
  { post, clock, redact }: SendDeps,
  job: Pick<Job, 'tenantId' | 'id' | 'attempts'> & { readonly event: NonNullable<Job['event']> },
  { settings, headers: custom, keys }: Target,
): Promise<Sent> {
  const startedAt = clock.now();
  const startMs = clock.monotonicMs();
  const text = JSON.stringify(cloudEventOf(job.event));
  const body = Buffer.from(text);
  const headers = {
    ...custom,
    'content-type': settings.contentType,
    ...signatureHeaders(settings.signing, keys, { id: job.id, nowMs: startedAt.getTime(), body }),
  };
  const record = {
    tenantId: job.tenantId,
    deliveryId: job.id,
    number: job.attempts + 1,
    startedAt,
    url: settings.url,
    requestHeaders: shownRequest(headers, settings.headerNames),
    requestBody: cut(redact(text, job.tenantId)),
  };
  try {
    const answer = await post({
      tenantId: job.tenantId,
      url: settings.url,
      headers,
      body,
      timeoutMs: settings.timeoutMs,
    });
    const success = answer.status >= 200 && answer.status <= 299;
    return {
      attempt: {
        ...record,
        durationMs: clock.monotonicMs() - startMs,
        responseStatus: answer.status,
        responseHeaders: shownResponse(answer.headers, (value) => redact(value, job.tenantId)),
        responseBody: cut(redact(answer.body.toString('utf8', 0, maxKeptBytes), job.tenantId)),
        errorCode: success ? null : `http_${answer.status}`,
        error: success ? null : describe(answer.status),
        blame: success ? null : 'provider',
      },
      success,
      // Whatever it answers, it is the endpoint's own doing: the hub sent it what it asked for.
      blame: success ? null : 'provider',
      deferred: false,
      retryAfterMs: retryAfter(answer.status, answer.headers, clock.now()),
      gone: answer.status === 410,
    };
  } catch (thrown) {
    const error = HubError.from(thrown);
    return {
      attempt: {
        ...record,
        durationMs: clock.monotonicMs() - startMs,
        responseStatus: null,
        responseHeaders: null,
        responseBody: null,
        errorCode: error.code,
        error: storableText(redact(error.message, job.tenantId), 1_000),
        blame: error.blame,
      },
      success: false,
      blame: error.blame,
      deferred: error.code === 'offline' || error.blame === 'hub',
      retryAfterMs: undefined,
      gone: false,
    };
  }
}

/** 429 and 503 may say when to come back. */
function retryAfter(status: number, headers: IncomingHttpHeaders, now: Date): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const value = headers['retry-after'];
  return parseRetryAfter(typeof value === 'string' ? value : undefined, now);
}

function describe(status: number): string {
  if (status >= 300 && status <= 399)
    return `The endpoint answered ${status}; redirects are not followed. Set the url to the final address.`;
  if (status === 410) return 'The endpoint answered 410: it wants no more deliveries.';
  return `The endpoint answered ${status}.`;
}

function shownRequest(headers: Readonly<Record<string, string>>, custom: readonly string[]): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    shown[name] = hiddenRequestHeaders.has(name) || custom.includes(name) ? hidden : value;
  }
  return shown;
}

function shownResponse(headers: IncomingHttpHeaders, redact: (value: string) => string): Record<string, string> {
  const shown: Record<string, string> = {};
  let count = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    if (++count > maxKeptHeaders) break;
    const text = Array.isArray(value) ? value.join(', ') : value;
    shown[storableText(name, 128)] = hiddenResponseHeaders.test(name)
      ? hidden
      : storableText(redact(text), maxKeptHeader);
  }
  return shown;
}

/** At most 16 KiB as UTF-8, without what PostgreSQL could not hold. */
function cut(text: string): string {
  if (text.length * 3 <= maxKeptBytes) return storableText(text);
  const bytes = Buffer.from(text);
  if (bytes.length <= maxKeptBytes) return storableText(text);
  return storableText(`${bytes.toString('utf8', 0, maxKeptBytes - 4)}…`);
}
