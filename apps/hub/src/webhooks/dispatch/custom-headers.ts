import { invalidField } from '@inthub/contracts';

/** Set by the hub or by HTTP itself; RFC 9110 §7.6.1, RFC 9112 §6, and the headers of the signing schemes. */
const refused = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
]);
const refusedPrefixes = ['webhook-', 'x-hub-', 'x-forwarded-', 'sec-', 'proxy-', 'traceparent', 'tracestate'];
// RFC 9110 §5.6.2 and §5.5, without obs-text.
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const value = /^[\x20-\x7e\t]{0,4096}$/;
const most = 20;

/**
 * Headers of a subscription, in lower case, after a change: null removes one.
 * @throws HubError `invalid_request` naming the header, never its value.
 */
export function mergeHeaders(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const headers: Record<string, string> = { ...before };
  for (const [given, text] of Object.entries(change)) {
    const name = given.toLowerCase();
    const path = `/headers/${given.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 128)}`;
    if (!token.test(given)) throw invalidField(path, 'is not a header name', 'header');
    if (refused.has(name) || refusedPrefixes.some((prefix) => name.startsWith(prefix))) {
      throw invalidField(path, 'may not be set: the hub or HTTP itself sets it', 'header');
    }
    if (text === null) delete headers[name];
    else if (value.test(text)) headers[name] = text;
    else throw invalidField(path, 'has a value that cannot be sent (line break or other control character)', 'header');
  }
  if (Object.keys(headers).length > most) throw invalidField('/headers', `has more than ${most} headers`, 'maxItems');
  return headers;
}
