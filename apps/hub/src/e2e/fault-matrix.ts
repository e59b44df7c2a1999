// Every way in which a provider can fail a call, and what comes of it: the rows of docs/faults.md, and the cases of faults.peer.test.ts.
import { type Blame, type ErrorCode, errorCodes } from '@inthub/contracts';
import { type FaultResponse, respond } from '@inthub/testing';

export interface Fault {
  readonly name: string;
  /** What the provider answers; or what its server presents or does before there could be an answer. */
  readonly answer: FaultResponse | 'not_there' | 'expired' | 'wrong_name' | 'unknown_authority';
  readonly code: ErrorCode;
  readonly callerDoes: string;
  /** Default: as the code has it. */
  readonly blame: Blame;
  readonly retryable: boolean;
  /** The hub itself tries again, where a repeat does no harm. Default: what is retryable. */
  readonly repeated: boolean;
  /** `failure` counts towards the breaker, `success` resets its count. */
  readonly breaker: 'failure' | 'success' | 'none';
}

type Rest = Partial<Pick<Fault, 'blame' | 'retryable' | 'repeated'>>;

const row =
  (breaker: Fault['breaker']) =>
  (name: string, answer: Fault['answer'], code: ErrorCode, callerDoes: string, rest: Rest = {}): Fault => {
    const { blame, retryable } = errorCodes[code];
    return {
      name,
      answer,
      code,
      callerDoes,
      blame,
      retryable,
      repeated: rest.retryable ?? retryable,
      breaker,
      ...rest,
    };
  };
/** The provider is ill. */
const ill = row('failure');
/** The provider is at work and refuses. */
const refused = row('success');
/** It says nothing about the provider's health. */
const silent = row('none');

/** The answer, after which the server hangs up: an idle connection is no leak, but it would look like one. */
export function thenClose(answer: FaultResponse): FaultResponse {
  return (exchange) => {
    exchange.response.shouldKeepAlive = false;
    return answer(exchange);
  };
}

const status = (code: number) => thenClose(respond.json(code, {}));
const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(2_000) }));
const page = respond.text(200, '<html>Sign in</html>', { 'content-type': 'text/html' });
const metadata = respond.redirect('http://169.254.169.254/latest/meta-data/');

const later = 'try again later; the breaker keeps calls from piling up';
const reports = 'tell the provider; trying again changes nothing';
const theirs: Rest = { blame: 'provider' };
/** Only the deadline ends it, so that no time is left for another try. */
const atLast: Rest = { repeated: false };

export const faults: readonly Fault[] = [
  ill('connection refused', 'not_there', 'provider_unreachable', later, theirs),
  ill('connection reset before an answer', respond.reset(), 'provider_unreachable', later, theirs),
  ill('connection reset in the middle of the body', respond.resetMidBody(body), 'provider_unreachable', later, theirs),
  ill('connection closed in the middle of the body', respond.halfBody(body), 'provider_unreachable', later, theirs),
  ill('body of another length than announced', thenClose(respond.halfBody(body)), 'provider_bad_response', later, {
    retryable: true,
  }),
  ill(
    'silence until the integration’s timeout',
    respond.never(),
    'provider_timeout',
    `${later}, or raise \`config.timeout\``,
    atLast,
  ),
  ill('headers that drip (slow loris)', respond.dripHeaders(5), 'provider_timeout', later, atLast),
  ill('body that drips (slow loris)', respond.drip(5), 'provider_timeout', later, atLast),
  ill('200 with garbage JSON', thenClose(respond.garbageJson()), 'provider_bad_response', reports),
  ill(
    '200 with a web page instead of JSON',
    thenClose(page),
    'provider_bad_response',
    'look where `config.endpoint` leads: a login page or a proxy answers there',
  ),
  ill('broken chunks, no HTTP at all', respond.brokenChunks(), 'provider_bad_response', reports),
  silent(
    'body larger than the action accepts',
    respond.bigBody(Number.POSITIVE_INFINITY),
    'provider_response_too_large',
    'ask for less, for example a smaller page',
  ),
  silent('gzip bomb', respond.gzipBomb(500_000_000), 'provider_response_too_large', reports),
  ill(
    'endless redirect',
    thenClose(respond.endlessRedirect()),
    'provider_bad_response',
    'set `config.endpoint` to the final address',
  ),
  silent(
    'redirect to a metadata, private or undeclared address',
    thenClose(metadata),
    'egress_denied',
    'ask an admin whether the address is meant: domains of the grant, the tenant’s `egressAllow`, `HUB_EGRESS_ALLOW`',
  ),
  silent('expired certificate', 'expired', 'provider_tls_invalid', 'have the provider renew it'),
  silent(
    'certificate for another name',
    'wrong_name',
    'provider_tls_invalid',
    'correct `config.endpoint`, or have the provider mend its certificate',
  ),
  silent(
    'certificate of an unknown authority',
    'unknown_authority',
    'provider_tls_invalid',
    'put the authority into `config.network.caCertificate`, if it is to be trusted',
  ),
  refused('401', status(401), 'provider_unauthenticated', 'replace the credential'),
  refused('403', status(403), 'provider_forbidden', 'give the credential the permission at the provider'),
  refused('404, 410', status(404), 'provider_not_found', 'correct the parameters'),
  refused('409, 412', status(409), 'provider_conflict', 'read the present state and decide anew'),
  refused('other 4xx', status(422), 'provider_rejected', 'correct the parameters'),
  silent(
    '429 whose `Retry-After` lies beyond the deadline',
    thenClose(respond.tooManyRequests(30)),
    'provider_rate_limited',
    'wait as long as `Retry-After` says; until then the hub answers `rate_limited` without asking the provider',
    { repeated: false },
  ),
  silent(
    '429 without `Retry-After`',
    thenClose(respond.tooManyRequests()),
    'provider_rate_limited',
    'wait, longer each time; a lower `rateLimits.requestsPerMinute` keeps it from happening',
  ),
  ill('500, 502, 503', status(503), 'provider_unavailable', later),
  ill('504', status(504), 'provider_timeout', later),
];

const again = 'nothing where the hub repeats, for its repeat succeeds; else try again';

/** Faults that come and go: every second request fails, the first one too. */
export const passingFaults: readonly Fault[] = [
  ill('5xx now and then (flapping)', status(503), 'provider_unavailable', again),
  ill('connection reset now and then', respond.reset(), 'provider_unreachable', again, theirs),
];
