import { HubError } from '@inthub/contracts';
import type { TokenRequest } from './authenticate/authorization.ts';
import { createCallBounds } from './call-bounds.ts';
import type { EgressCore } from './egress-core.ts';
import { fromResponse } from './from-response.ts';
import type { IntegrationSettings } from './integration-settings.ts';
import { type EgressPolicy, parseTarget } from './policy.ts';
import { readJson } from './read-json.ts';
import type { EgressScope } from './scope.ts';

/** A token reply is a line or two. */
const maxReplyBytes = 256 * 1024;
/** For the whole exchange. It belongs to all calls that wait for the token, so it does not end with the call that started it. */
const timeLimitMs = 10_000;

/** For which request the token is. */
export interface TokenFetch {
  readonly scope: EgressScope;
  readonly settings: IntegrationSettings;
  readonly policy: EgressPolicy;
  readonly attempt: number;
}

/** Sends a token request through policy, guard and mapper like any other; redirects are not followed with a credential inside. */
export async function fetchToken(
  { clock, watch, sender, userAgent }: EgressCore,
  { scope, settings, policy, attempt }: TokenFetch,
  { url, method, headers, body, secrets, realm }: TokenRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const { url: _parsed, ...target } = parseTarget(url, 'The address of the token service');
  // A realm was judged by its own rule, which knows tokenRealmHost; the addresses are checked for it like for any other.
  if (realm?.origin !== target.origin) policy.checkTarget(target, settings.hosts);
  const endMs = clock.monotonicMs() + timeLimitMs;
  const answer = await sender.send({
    scope,
    settings,
    policy,
    target,
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      'user-agent': userAgent,
      accept: 'application/json',
      'accept-encoding': 'gzip, br, deflate',
      ...headers,
    },
    body: body === undefined ? undefined : Buffer.from(body),
    identity: undefined,
    maxBytes: maxReplyBytes,
    stream: false,
    accepts: (status) => status >= 200 && status <= 299,
    limits: { endMs, headersMs: timeLimitMs, idleMs: timeLimitMs },
    bounds: createCallBounds(
      { signal: new AbortController().signal, deadlineMs: Number.POSITIVE_INFINITY },
      clock,
      watch,
    ),
    attempt,
    purpose: 'token',
  });
  const bytes = Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0);
  if (answer.status < 200 || answer.status > 299) {
    throw fromResponse({
      host: target.host,
      status: answer.status,
      headers: answer.headers,
      body: bytes,
      rateLimit: answer.rateLimit,
      now: clock.now(),
      secrets,
      authenticated: secrets.length > 0,
    });
  }
  const reply = readJson(bytes, target.host);
  if (typeof reply === 'object' && reply !== null && !Array.isArray(reply))
    return reply as Readonly<Record<string, unknown>>;
  throw new HubError('provider_bad_response', `The token service ${target.host} did not answer with a JSON object.`);
}
