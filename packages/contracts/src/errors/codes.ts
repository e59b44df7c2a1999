/**
 * The one closed table of error codes (RFC 9457 problem documents carry them as `code`).
 * A code is never renamed or reused; retired ones move to `retiredErrorCodes`.
 *
 * - `status`: HTTP status of the hub's answer.
 * - `retryable`: the same call may succeed later without anybody changing anything.
 * - `blame`: who is at fault by default; only `provider` counts towards a circuit breaker.
 * - `title`: one public sentence.
 */
export type Blame = 'hub' | 'network' | 'proxy' | 'provider' | 'caller' | 'configuration';

export interface ErrorCodeRow {
  readonly status: number;
  readonly retryable: boolean;
  readonly blame: Blame;
  readonly title: string;
}

export const errorCodes = {
  // The caller's request
  invalid_request: row(400, false, 'caller', 'The request does not match its schema.'),
  malformed_body: row(400, false, 'caller', 'The request body could not be parsed.'),
  invalid_cursor: row(400, false, 'caller', 'The cursor is not one that this list handed out.'),
  unauthenticated: row(401, false, 'caller', 'A valid API key or token is required.'),
  forbidden: row(403, false, 'caller', 'The caller lacks a scope that this operation needs.'),
  not_granted: row(403, false, 'caller', 'The integration has no grant for this capability.'),
  grant_expired: row(403, false, 'caller', 'The grant for this integration has expired.'),
  not_found: row(404, false, 'caller', 'There is no such resource.'),
  unknown_action: row(404, false, 'caller', 'The integration does not offer this action.'),
  method_not_allowed: row(405, false, 'caller', 'The resource does not support this method.'),
  conflict: row(409, false, 'caller', 'The request conflicts with the present state.'),
  illegal_transition: row(409, false, 'caller', 'The integration cannot make this move in its present state.'),
  approval_required: row(409, false, 'caller', 'Somebody other than the creator must approve this.'),
  integration_inactive: row(409, false, 'caller', 'The integration does not accept calls in its present state.'),
  idempotency_key_reused: row(409, false, 'caller', 'The idempotency key was used with another request.'),
  version_mismatch: row(412, false, 'caller', 'The resource has changed since it was read.'),
  payload_too_large: row(413, false, 'caller', 'The request is larger than the hub accepts.'),
  unsupported_media_type: row(415, false, 'caller', 'The content type is not supported here.'),
  precondition_required: row(428, false, 'caller', 'The request needs an If-Match header.'),
  rate_limited: row(429, true, 'caller', 'Too many requests.'),
  budget_exceeded: row(429, true, 'caller', 'A budget of the tenant or the integration is used up.'),
  cancelled: row(499, false, 'caller', 'The caller went away before the answer was ready.'),

  // The integration's set-up
  credential_unavailable: row(424, false, 'configuration', 'The credential could not be resolved.'),
  egress_denied: row(403, false, 'configuration', 'The hub may not connect to this address.'),
  provider_unauthenticated: row(502, false, 'configuration', 'The provider refused the credential.'),
  provider_forbidden: row(502, false, 'configuration', 'The credential lacks a permission at the provider.'),
  provider_tls_invalid: row(502, false, 'configuration', "The provider's TLS certificate was not accepted."),
  offline: row(503, false, 'configuration', 'The hub is in offline mode.'),

  // The provider's answer
  provider_not_found: row(404, false, 'caller', 'The provider does not know this resource.'),
  provider_conflict: row(409, false, 'caller', 'The provider reports a conflict.'),
  provider_rejected: row(422, false, 'caller', 'The provider refused the request as invalid.'),
  provider_rate_limited: row(429, true, 'provider', 'The provider asks to slow down.'),
  provider_unavailable: row(502, true, 'provider', 'The provider failed to answer properly.'),
  provider_bad_response: row(502, false, 'provider', "The provider's answer could not be understood."),
  provider_response_too_large: row(502, false, 'provider', "The provider's answer is larger than allowed."),
  provider_timeout: row(504, true, 'provider', 'The provider did not answer in time.'),
  provider_unreachable: row(502, true, 'network', 'The provider could not be reached.'),
  proxy_failed: row(502, true, 'proxy', 'The configured proxy refused or failed.'),

  // The hub
  circuit_open: row(503, true, 'provider', 'The circuit breaker of this integration is open.'),
  deadline_exceeded: row(504, true, 'caller', 'The time that the caller gave ran out.'),
  connector_unavailable: row(503, false, 'hub', 'The connector of this integration is not loaded.'),
  connector_failed: row(500, false, 'hub', 'The connector failed unexpectedly.'),
  unavailable: row(503, true, 'hub', 'The hub cannot serve this right now.'),
  internal: row(500, false, 'hub', 'The hub failed unexpectedly.'),
} as const satisfies Record<string, ErrorCodeRow>;

export type ErrorCode = keyof typeof errorCodes;

/** Codes that were published once and must never come back with another meaning. */
export const retiredErrorCodes: readonly string[] = [];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}

function row(status: number, retryable: boolean, blame: Blame, title: string): ErrorCodeRow {
  return { status, retryable, blame, title };
}
