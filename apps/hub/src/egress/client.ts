import {
  type AuthScheme,
  authSchemeFor,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { authenticatorFor } from './authenticate/authenticate.ts';
import {
  type AuthContext,
  type Authenticator,
  type Authorization,
  noAuthorization,
} from './authenticate/authorization.ts';
import { createCallBounds } from './call-bounds.ts';
import { type CredentialUse, createCredentialUse, hasExpired } from './credential-expiry.ts';
import type { EgressCore } from './egress-core.ts';
import type { SendLimits, SentAnswer } from './exchange.ts';
import { fromError } from './from-error.ts';
import { fromResponse } from './from-response.ts';
import type { IntegrationSettings } from './integration-settings.ts';
import type { EgressPolicy } from './policy.ts';
import { redactHeaders } from './redact.ts';
import { followRedirect, isRedirect, redirectedSecret } from './redirect.ts';
import { type Hop, planRequest } from './request-plan.ts';
import { createResponse } from './response.ts';
import { planRetry } from './retry.ts';
import type { EgressScope } from './scope.ts';
import { fetchToken } from './token-fetch.ts';

const defaultMaxBytes = 10 * 1024 * 1024;
/** Until the answer begins, and between two pieces of it; the request's or the integration's own time limit replaces it. */
const defaultPatienceMs = 20_000;
/** Server-sent events may be silent for long. */
const streamPatienceMs = 120_000;
const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** The connector's way out for one call. The order: offline → plan and policy → (retry → credential → send → redirect → map). */
export function createClient(core: EgressCore, scope: EgressScope): HttpClient {
  const { clock } = core;
  const bounds = createCallBounds(scope, clock, core.watch);

  async function request(wanted: HttpRequest): Promise<HttpResponse> {
    const found = core.rulesOf(scope.tenantId);
    const { offline, policy } = found instanceof Promise ? await bounds.race(found) : found;
    if (offline !== undefined) throw offline();
    const settings = core.readSettings(scope, policy);
    const { traceparent, tracestate } = scope;
    const hop = planRequest(wanted, { settings, policy, userAgent: core.userAgent, traceparent, tracestate });
    const limits = limitsOf(wanted);
    const repeatable = wanted.retry !== 'never' && (repeatableMethods.has(wanted.method) || wanted.idempotent === true);
    const credential = createCredentialUse(scope);

    for (let attempt = 1; ; attempt += 1) {
      const refusal = bounds.refusal(clock.monotonicMs());
      if (refusal !== undefined) throw refusal;
      try {
        return await perform({ wanted, settings, policy, limits, attempt, credential, repeatable }, hop);
      } catch (thrown) {
        const error = fromError(thrown, { host: hop.target.host });
        const nowMs = clock.monotonicMs();
        const plan = planRetry({
          error,
          attempt,
          policy: scope.config.retryPolicy,
          repeatable,
          nowMs,
          endMs: limits.endMs,
          random: core.random,
        });
        if ('giveUp' in plan) throw plan.giveUp;
        await clock.sleep(plan.waitMs, scope.signal).catch(() => {
          throw bounds.refusal(nowMs) ?? new HubError('cancelled');
        });
      }
    }
  }

  /** One try: the request, and whatever it is redirected to. */
  async function perform(run: Try, first: Hop): Promise<HttpResponse> {
    let hop = first;
    for (let followed = 0; ; followed += 1) {
      const authenticator = authenticatorFor(schemeOf(run.wanted, hop));
      const authorizing = authorize(run, hop, authenticator);
      let authorization = authorizing instanceof Promise ? await authorizing : authorizing;
      let answer = await sendOnce(run, hop, authorization, authenticator.renew !== undefined);
      if (isRefused(answer)) {
        ({ answer, authorization } = await sendAgain(run, hop, authenticator, { answer, authorization }));
      }
      const { status, headers } = answer;
      if (isRedirect(status) && !expects(run, status)) {
        if (authorization.path !== undefined) throw redirectedSecret(hop, status);
        hop = followRedirect({ from: hop, status, headers, followed }, run.policy, run.settings.hosts);
        continue;
      }
      if (accepts(run, status)) {
        const left = hop.target.origin !== first.target.origin;
        // A redirect's query is often a signature of its own.
        const path = left ? hop.path.split('?')[0] : hop.path;
        const isSecret = authorization.path !== undefined;
        return createResponse(
          isSecret ? { ...answer, headers: redactHeaders(headers, authorization.secrets()) } : answer,
          {
            url: isSecret ? `${hop.target.origin}/` : `${hop.target.origin}${path}`,
            host: hop.target.host,
            stream: run.wanted.stream === true,
          },
        );
      }
      throw fromResponse({
        host: hop.target.host,
        status,
        headers,
        body: Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0),
        rateLimit: answer.rateLimit,
        now: clock.now(),
        secrets: authorization.secrets(),
        authenticated: authorization !== noAuthorization,
        ...(scope.auth.scopeHeaders === undefined ? {} : { scopeHeaders: scope.auth.scopeHeaders }),
        ...(hop.trusted ? {} : { redirectedTo: hop.target.origin }),
      });
    }
  }

  /** With the credential of the place; a login that was refused is tried once more with another, where there is one. */
  function authorize(run: Try, hop: Hop, authenticator: Authenticator): Authorization | Promise<Authorization> {
    const context = contextOf(run);
    const authorizing = authenticator.authorize(hop, context);
    return authorizing instanceof Promise
      ? authorizing.catch((error) => authorizeAnew(run, error, () => authenticator.authorize(hop, context)))
      : authorizing;
  }

  /**
   * After an answer that is a challenge, or calls the credential expired: once more with another authorisation, where there is one: a
   * new token first, then a new credential.
   */
  async function sendAgain(run: Try, hop: Hop, authenticator: Authenticator, first: Sent): Promise<Sent> {
    const again = await sendRenewed(run, hop, authenticator, first);
    // With a status that means success, or another error, the connector would misunderstand the answer.
    if (again.answer.status !== 401 && isExpired(again)) throw expired(hop);
    return again;
  }

  /** At most one repeat with a new token and one with a new credential. */
  async function sendRenewed(run: Try, hop: Hop, authenticator: Authenticator, first: Sent): Promise<Sent> {
    const context = contextOf(run);
    // What was refused with 4xx has done nothing; of an answer like 200 nobody can tell.
    const { status } = first.answer;
    const mayRepeat = (status >= 400 && status <= 499) || run.repeatable;
    const authorize = () => authenticator.authorize(hop, context);
    const used = { headers: first.answer.headers, used: first.authorization };
    const renewed = await authenticator
      .renew?.(hop, context, used)
      .catch((error) => authorizeAnew(run, error, authorize));
    let sent = first;
    if (renewed !== undefined) {
      if (!mayRepeat) throw expired(hop, true);
      sent = { answer: await sendOnce(run, hop, renewed, false), authorization: renewed };
    }
    if (sent.authorization === noAuthorization || !isExpired(sent) || !(await run.credential.refresh())) return sent;
    if (!mayRepeat) throw expired(hop, true);
    const authorization = await authorize();
    return { answer: await sendOnce(run, hop, authorization, false), authorization };
  }

  /** A login that was refused is tried once more when there is another credential. */
  async function authorizeAnew(
    run: Try,
    error: unknown,
    authorize: () => Authorization | Promise<Authorization>,
  ): Promise<Authorization> {
    const isRefusal = error instanceof HubError && error.code === 'provider_unauthenticated';
    if (!isRefusal || !(await run.credential.refresh())) throw error;
    return authorize();
  }

  function isRefused(answer: SentAnswer): boolean {
    return answer.status === 401 || (scope.auth.expired !== undefined && hasExpired(scope.auth, answer));
  }

  function isExpired({ answer }: Sent): boolean {
    return hasExpired(scope.auth, answer);
  }

  function sendOnce(run: Try, hop: Hop, authorization: Authorization, mayRenew: boolean): Promise<SentAnswer> {
    const { headers, identity, path } = authorization;
    const { wanted, settings, policy, limits, attempt } = run;
    return core.sender.send({
      scope,
      settings,
      policy,
      target: hop.target,
      method: hop.method,
      path: path ?? hop.path,
      ...(path === undefined ? {} : { reportedPath: '' }),
      headers: headers === noAuthorization.headers ? hop.headers : { ...hop.headers, ...headers },
      body: hop.body,
      identity,
      maxBytes: wanted.maxBytes ?? defaultMaxBytes,
      stream: wanted.stream === true,
      accepts: mayRenew ? (status) => status !== 401 && accepts(run, status) : (status) => accepts(run, status),
      limits,
      bounds,
      attempt,
      purpose: 'action',
    });
  }

  /**
   * The credential goes to the endpoint, to hosts with a scheme of their own, and to hosts that are declared by exact name; not to
   * `*.suffix` hosts (other people's buckets live there) and not where a redirect leads.
   */
  function schemeOf({ auth }: HttpRequest, hop: Hop): AuthScheme {
    if (auth === 'none') return { scheme: 'none' };
    const { perHost, perPath, apply } = scope.auth;
    const own = perHost !== undefined && Object.hasOwn(perHost, hop.target.hostname);
    if (!own && (!hop.trusted || hop.coverage === 'suffix' || hop.coverage === 'endpoint-tls'))
      return withoutCredential;
    if (perHost === undefined && perPath === undefined) return apply;
    return authSchemeFor(scope.auth, scope.config.endpoint, new URL(`${hop.target.origin}${hop.path}`));
  }

  function contextOf(run: Try): AuthContext {
    return {
      tenantId: scope.tenantId,
      integrationId: scope.integrationId,
      settings: run.settings,
      clock,
      tokens: core.tokens,
      open: () => run.credential.open(),
      race: (promise) => bounds.race(promise, run.limits.endMs),
      fetchToken: (wanted) => fetchToken(core, { scope, ...run }, wanted),
    };
  }

  function limitsOf({ timeoutMs, stream }: HttpRequest): SendLimits {
    const own = timeoutMs ?? scope.config.timeout;
    const patienceMs = own ?? defaultPatienceMs;
    const endMs =
      timeoutMs === undefined ? scope.deadlineMs : Math.min(scope.deadlineMs, clock.monotonicMs() + timeoutMs);
    return {
      endMs,
      headersMs: patienceMs,
      idleMs: stream === true ? Math.max(patienceMs, streamPatienceMs) : patienceMs,
    };
  }

  const send = core.answers.revalidating(scope, request);
  return {
    request: send,
    get: (path, options) => send({ ...options, method: 'GET', path }),
    head: (path, options) => send({ ...options, method: 'HEAD', path }),
    post: (path, options) => send({ ...options, method: 'POST', path }),
    put: (path, options) => send({ ...options, method: 'PUT', path }),
    patch: (path, options) => send({ ...options, method: 'PATCH', path }),
    delete: (path, options) => send({ ...options, method: 'DELETE', path }),
  };
}

const withoutCredential: AuthScheme = { scheme: 'none' };

/** What stays the same during one try. */
interface Try {
  readonly wanted: HttpRequest;
  readonly settings: IntegrationSettings;
  readonly policy: EgressPolicy;
  readonly limits: SendLimits;
  readonly attempt: number;
  readonly credential: CredentialUse;
  /** Sent twice it does no harm. */
  readonly repeatable: boolean;
}

interface Sent {
  readonly answer: SentAnswer;
  readonly authorization: Authorization;
}

/** @param renewed Another credential or token is there now, but a repeat could do something twice. */
function expired({ target }: Hop, renewed = false): HubError {
  const { host } = target;
  return new HubError(
    'provider_unauthenticated',
    renewed
      ? `${host} said that the credential had expired. It has been renewed; the request was not repeated, because it may have had its effect.`
      : `${host} says that the credential has expired. Check or replace the credential of the integration.`,
    { details: { host }, ...(renewed ? { retryable: true } : {}) },
  );
}

function expects({ wanted }: Try, status: number): boolean {
  return wanted.expect?.includes(status) === true;
}

function accepts(run: Try, status: number): boolean {
  return (status >= 200 && status <= 299) || expects(run, status);
}
