import type { AuthScheme } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { parseTarget } from '../policy.ts';
import type { AuthContext, Authenticator, AuthRequest } from './authorization.ts';
import { parseTemplate, secretsOf, withCredential } from './template.ts';

/** Shorter parts of an address are words like `triggers`; longer ones may be the secret in it. */
const shortestSecretPart = 12;

/**
 * An address that is the credential. It has to be on the endpoint's own origin, which policy and guard judge as ever: a credential says
 * what is asked there, never where the hub goes.
 */
export function createSecretUrl({ url }: Extract<AuthScheme, { scheme: 'secret-url' }>): Authenticator {
  const template = parseTemplate(url);
  return {
    authorize: (request, context) =>
      withCredential(context, ({ material }) => {
        const text = template.fill(material).trim();
        const address = readAddress(text, request, context);
        return {
          headers: {},
          path: pathAt(address, request.path, context.settings.basePath),
          secrets: () => [...partsOf(address), ...secretsOf(material), text].sort((a, b) => b.length - a.length),
        };
      }),
  };
}

/** @throws HubError that repeats no more of the address than its host. */
function readAddress(text: string, { target }: AuthRequest, { settings }: AuthContext): URL {
  // Not even its scheme is repeated: what was pasted may be the bare secret.
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new HubError(
      'credential_unavailable',
      'The credential is no address; store the whole of it as the product shows it, beginning with https://.',
    );
  }
  const { url, origin } = parseTarget(text, 'The address in the credential');
  const { endpoint } = settings;
  if (origin !== endpoint.origin) {
    throw new HubError(
      'egress_denied',
      `The address in the credential is at ${origin}, but the endpoint is ${endpoint.origin}; set config.endpoint to ${origin}, or store the right address.`,
      { details: { host: new URL(origin).host, setting: 'config.endpoint' } },
    );
  }
  if (target.origin !== endpoint.origin) {
    throw new HubError(
      'connector_failed',
      'The connector asked for another host with a credential that is an address of the endpoint.',
    );
  }
  return url;
}

/** The address, with what the request has below the endpoint behind it. */
function pathAt({ pathname, search }: URL, asked: string, basePath: string): string {
  const [path = '', query = ''] = splitOnce(asked.slice(basePath.length), '?');
  const joined = path === '/' || path === '' ? pathname : `${pathname.replace(/\/+$/, '')}${path}`;
  const queries = [search.slice(1), query].filter((part) => part !== '').join('&');
  return queries === '' ? joined : `${joined}?${queries}`;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** What a provider could quote of it, as it went over the wire and decoded. */
function partsOf({ href, pathname, search, searchParams }: URL): readonly string[] {
  const segments = pathname.split('/');
  const values = [
    ...search
      .slice(1)
      .split('&')
      .map((pair) => splitOnce(pair, '=')[1] ?? ''),
    ...searchParams.values(),
  ];
  const parts = [href, `${pathname}${search}`, pathname, search, ...segments, ...segments.map(decoded), ...values];
  return parts.filter(({ length }) => length >= shortestSecretPart);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that escapes nothing
  }
}
