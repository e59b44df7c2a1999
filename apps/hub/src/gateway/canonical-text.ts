import { HubError } from '@inthub/contracts';
import canonicalize from 'canonicalize';

/** RFC 8785. @throws HubError `invalid_request` for what is not JSON. */
export function canonicalText(params: unknown): string {
  try {
    return canonicalize(params ?? {}) ?? 'null';
  } catch (cause) {
    const message = `cannot be written as JSON: ${cause instanceof Error ? cause.message : 'unknown reason'}.`;
    throw new HubError('invalid_request', `/params ${message}`, {
      errors: [{ path: '/params', rule: 'json', message }],
      cause,
    });
  }
}
