import type { IncomingHttpHeaders } from 'node:http';
import { HubError } from '@inthub/contracts';
import { harmlessHeaders, headerText, type RequestHeaders } from './headers.ts';
import { type EgressPolicy, type HostPolicy, parseTarget } from './policy.ts';
import type { Hop } from './request-plan.ts';

const maxRedirects = 5;
const statuses = new Set([301, 302, 303, 307, 308]);

/** RFC 9110 §15.4; 300, 304 and 305 are no redirects that a client follows by itself. */
export function isRedirect(status: number): boolean {
  return statuses.has(status);
}

export interface Redirection {
  readonly from: Hop;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Redirects followed before this one. */
  readonly followed: number;
}

/**
 * Where a redirect leads, checked as any other target. GET and HEAD follow it; 303 turns any other method into GET; a redirected
 * POST is not repeated elsewhere. What leaves the origin leaves credential, body-less, and without the integration's own headers.
 * @throws HubError `provider_bad_response`, or `egress_denied` from the policy.
 */
export function followRedirect(
  { from, status, headers, followed }: Redirection,
  policy: EgressPolicy,
  hosts: HostPolicy,
): Hop {
  const { host } = from.target;
  if (followed >= maxRedirects) throw bad(`${host} redirected more than ${maxRedirects} times; this leads nowhere.`);
  const location = headerText(headers, 'location');
  const base = `${from.target.origin}${from.path}`;
  if (location === undefined || !URL.canParse(location, base)) {
    throw bad(`${host} answered ${status} without a usable Location.`);
  }
  const { url, ...target } = parseTarget(new URL(location, base), `The redirect of ${host}`);
  const safe = from.method === 'GET' || from.method === 'HEAD';
  if (!safe && status !== 303) {
    throw bad(
      `${host} redirected a ${from.method} request to ${target.origin}, which is not followed. Set config.endpoint to the final address.`,
    );
  }
  if (from.target.protocol === 'https:' && target.protocol === 'http:') {
    throw new HubError(
      'egress_denied',
      `${host} redirected from https to plain http (${target.host}), which is refused.`,
      {
        details: { host: target.host },
      },
    );
  }
  const coverage = policy.checkTarget(target, hosts);
  const sameOrigin = target.origin === from.target.origin;
  return {
    target,
    coverage,
    path: `${url.pathname}${url.search}`,
    method: from.method === 'HEAD' ? 'HEAD' : 'GET',
    headers: withoutBody(sameOrigin ? from.headers : harmlessHeaders(from.headers)),
    body: undefined,
    trusted: from.trusted && sameOrigin,
  };
}

/** For a request whose address is a secret: Location may repeat it, and what it leads to would be asked without one. */
export function redirectedSecret({ target }: Hop, status: number): HubError {
  return new HubError(
    'provider_bad_response',
    `${target.host} answered ${status}, a redirect, which is not followed with an address that is secret. Get a new address from the product.`,
    { details: { host: target.host, status } },
  );
}

function withoutBody(headers: Readonly<RequestHeaders>): RequestHeaders {
  const { 'content-type': _type, 'content-encoding': _encoding, 'content-language': _language, ...rest } = headers;
  return rest;
}

function bad(message: string): HubError {
  return new HubError('provider_bad_response', message);
}
