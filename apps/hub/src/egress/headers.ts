import type { IncomingHttpHeaders } from 'node:http';
import type { HttpHeaders } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';

export type RequestHeaders = Record<string, string>;

/** Framing and per-connection fields belong to the connection, not to whoever writes a request. RFC 9110 §7.6.1, RFC 9112 §6. */
const connectionFields = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Would put a secret into config, or override the credential. */
const credentialFields = new Set(['authorization', 'cookie', 'proxy-authorization']);
/** What a redirect to another origin still carries: nothing that could hold a secret. */
const harmlessFields = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'if-modified-since',
  'if-none-match',
  'range',
  'traceparent',
  'user-agent',
]);

// RFC 9110 §5.6.2 and §5.5; obs-text beyond Latin-1 cannot be sent.
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True when the value can stand in a header: no line break, no other control character. */
export function isHeaderValue(value: string): boolean {
  return fieldValue.test(value);
}

/**
 * Adds what a connector wants sent; fields of the connection are left out.
 * @throws HubError `connector_failed` naming the header that cannot be sent, never its value.
 */
export function addConnectorHeaders(target: RequestHeaders, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const field = name.toLowerCase();
    if (!token.test(field))
      throw new HubError(
        'connector_failed',
        `The connector sets a header whose name cannot be sent: ${JSON.stringify(name.slice(0, 60))}.`,
      );
    if (connectionFields.has(field)) continue;
    if (typeof value !== 'string' || !fieldValue.test(value)) {
      throw new HubError(
        'connector_failed',
        `The connector sets the header ${field} to a value that cannot be sent (line break, control character or no text).`,
      );
    }
    target[field] = value;
  }
}

/**
 * `config.customHeaders` in lower case.
 * @throws HubError `egress_denied` for a field that is not the operator's to set.
 */
export function readCustomHeaders(headers: Readonly<Record<string, string>> = {}): RequestHeaders {
  const fields: RequestHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    const field = name.toLowerCase();
    if (credentialFields.has(field)) {
      throw new HubError(
        'egress_denied',
        `config.customHeaders may not set ${name}: config is no place for secrets. Store a credential instead.`,
      );
    }
    if (connectionFields.has(field))
      throw new HubError('egress_denied', `config.customHeaders may not set ${name}: the hub sets it itself.`);
    if (!token.test(field) || !fieldValue.test(value)) {
      throw new HubError(
        'egress_denied',
        `config.customHeaders: ${JSON.stringify(name.slice(0, 60))} is not a header that can be sent.`,
      );
    }
    fields[field] = value;
  }
  return fields;
}

/** The headers that may follow a redirect to another origin. */
export function harmlessHeaders(headers: Readonly<RequestHeaders>): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([field]) => harmlessFields.has(field)));
}

/** A response's headers as connectors see them. */
export function createResponseHeaders(headers: IncomingHttpHeaders): HttpHeaders {
  return {
    get: (name) => headerText(headers, name.toLowerCase()),
    *entries() {
      for (const name of Object.keys(headers)) yield [name, headerText(headers, name) ?? ''];
    },
  };
}

/** One field as text, several joined; undefined when absent. @param name In lower case. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  if (!Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
