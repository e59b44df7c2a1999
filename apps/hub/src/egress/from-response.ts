import type { IncomingHttpHeaders } from 'node:http';
import type { ScopeHeaders } from '@inthub/connector-sdk';
import { type ErrorCode, HubError, providerErrorCode } from '@inthub/contracts';
import { headerText } from './headers.ts';
import { explainScopes, readScopes, type ScopeFacts } from './missing-scope.ts';
import { providerMessage } from './provider-message.ts';
import { redactText } from './redact.ts';
import type { RateLimitState } from './scope.ts';

export interface FaultAnswer {
  readonly host: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly rateLimit: RateLimitState | undefined;
  readonly now: Date;
  /** Must not come back to light in a message. */
  readonly secrets: readonly string[];
  /** A credential went along. */
  readonly authenticated: boolean;
  /** Where the product tells of scopes. */
  readonly scopeHeaders?: ScopeHeaders;
  /** Origin that a redirect led to, when it is not the endpoint's: the credential stayed behind. */
  readonly redirectedTo?: string;
}

/** The raw answer, kept as the error's `cause` for the audit only. */
export interface ProviderFault {
  readonly status: number;
  readonly contentType: string | undefined;
  /** First 8 KiB as text, secrets taken out. */
  readonly body: string;
}

/** Told apart from what connectors put into their errors. */
const known = new WeakSet<object>();

/** The raw answer behind an error of the mapper; undefined for other errors. */
export function providerFaultOf({ cause }: HubError): ProviderFault | undefined {
  return typeof cause === 'object' && cause !== null && known.has(cause) ? (cause as ProviderFault) : undefined;
}

const maxKeptBytes = 8 * 1024;

/** The one mapper from a provider's answer that nobody expected to an error. */
export function fromResponse(answer: FaultAnswer): HubError {
  const { host, status, headers, secrets } = answer;
  const contentType = headerText(headers, 'content-type');
  const text = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength).toString('utf8');
  const said = providerMessage(text, contentType, secrets);
  const code = codeOf(answer, said);
  const scopes = readScopes(headers, answer.scopeHeaders);
  const retryAfterMs = retryAfter(answer, code);
  const cause: ProviderFault = { status, contentType, body: redactText(text, secrets).slice(0, maxKeptBytes) };
  known.add(cause);
  const message = [
    `${host} answered ${status}${said === undefined ? '' : `: ${said.replace(/[.\s]+$/, '')}`}.`,
    advice(answer, code, scopes),
  ];
  return new HubError(code, message.filter((part) => part !== undefined).join(' '), {
    details: { host, status, ...(code === 'provider_forbidden' ? scopeDetails(scopes) : {}) },
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // 501 and 505 are decisions, not weather.
    ...(status === 501 || status === 505 ? { retryable: false } : {}),
  });
}

/**
 * What is waited for a limit that is told in words alone. GitHub, "Rate limits for the REST API", of its secondary limits: without
 * `retry-after` and with requests remaining, wait for at least one minute.
 */
const untoldWaitMs = 60_000;

/** GitHub and others answer 403 where they mean 429, and say so by the limit's headers, or in words. */
function codeOf({ status, rateLimit }: FaultAnswer, said: string | undefined): ErrorCode {
  if (status !== 403) return providerErrorCode(status);
  const isLimit = rateLimit?.remaining === 0 || rateLimit?.retryAfterMs !== undefined || /rate limit/i.test(said ?? '');
  return isLimit ? 'provider_rate_limited' : providerErrorCode(status);
}

function retryAfter({ rateLimit, now, status }: FaultAnswer, code: ErrorCode): number | undefined {
  if (code !== 'provider_rate_limited' && status < 500) return undefined;
  if (rateLimit?.retryAfterMs !== undefined) return rateLimit.retryAfterMs;
  if (code !== 'provider_rate_limited') return undefined;
  if (rateLimit?.remaining !== 0 || rateLimit.resetAt === undefined) return status === 403 ? untoldWaitMs : undefined;
  return Math.min(86_400_000, Math.max(0, rateLimit.resetAt.getTime() - now.getTime()));
}

function scopeDetails({ needed, granted }: ScopeFacts): object {
  return {
    ...(needed.length === 0 ? {} : { neededScopes: needed }),
    ...(granted === undefined ? {} : { grantedScopes: granted }),
  };
}

function advice(
  { status, redirectedTo, authenticated }: FaultAnswer,
  code: ErrorCode,
  scopes: ScopeFacts,
): string | undefined {
  if (redirectedTo !== undefined && (status === 401 || status === 403)) {
    return `A redirect led to ${redirectedTo}, where the credential was not sent; set config.endpoint to the final address.`;
  }
  if (code === 'provider_unauthenticated' && !authenticated)
    return 'No credential was sent; the integration may need one.';
  if (code === 'provider_unauthenticated') return 'Check or replace the credential of the integration.';
  if (code === 'provider_forbidden')
    return explainScopes(scopes) ?? 'The credential may lack a permission at the provider.';
  if (code === 'proxy_failed') return 'The hub does not send credentials to proxies.';
  return undefined;
}
