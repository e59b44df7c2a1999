import { type ErrorCode, HubError, isErrorCode } from '@inthub/contracts';

/** Codes that a plugin with its own copy of the contracts may answer with. The rest are the hub's own to say. */
const pluginCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'conflict',
  'cancelled',
  'deadline_exceeded',
  'credential_unavailable',
  'egress_denied',
  'offline',
  'proxy_failed',
  'provider_unauthenticated',
  'provider_forbidden',
  'provider_tls_invalid',
  'provider_not_found',
  'provider_conflict',
  'provider_rejected',
  'provider_rate_limited',
  'provider_unavailable',
  'provider_bad_response',
  'provider_response_too_large',
  'provider_timeout',
  'provider_unreachable',
]);

const maxMessage = 1_000;

/**
 * What a connector's code threw, as a HubError. HubErrors pass, those of egress on their way through included; so do those of another
 * copy of the contracts package (a plugin may bring its own), as a checked copy. Everything else is `connector_failed`, whose public
 * message tells nothing of the cause.
 */
export function adoptError(thrown: unknown, connectorId: string): HubError {
  if (thrown instanceof HubError) return thrown;
  if (isErrorLike(thrown) && isErrorCode(thrown.code) && pluginCodes.has(thrown.code))
    return copyOf(thrown, thrown.code);
  return new HubError(
    'connector_failed',
    `Connector ${connectorId} failed unexpectedly; the hub's log tells the cause.`,
    {
      cause: thrown,
    },
  );
}

interface ErrorLike {
  readonly name: 'HubError';
  readonly code: unknown;
  readonly message: string;
  readonly retryAfterMs?: unknown;
  readonly errors?: unknown;
}

function isErrorLike(thrown: unknown): thrown is ErrorLike {
  return thrown instanceof Error && thrown.name === 'HubError' && 'code' in thrown;
}

function copyOf({ message, retryAfterMs, errors }: ErrorLike, code: ErrorCode): HubError {
  return new HubError(code, message.toWellFormed().slice(0, maxMessage), {
    errors: fieldErrors(errors),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs < Number.MAX_SAFE_INTEGER
      ? { retryAfterMs }
      : {}),
  });
}

function fieldErrors(errors: unknown): { path: string; rule: string; message: string }[] {
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 20).flatMap((error: unknown) => {
    if (typeof error !== 'object' || error === null) return [];
    const { path, rule, message } = error as Record<string, unknown>;
    return [{ path: text(path), rule: text(rule), message: text(message) }];
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed().slice(0, 300) : '';
}
