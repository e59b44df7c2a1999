import type { EgressAttempt } from '../../egress/egress.ts';
import type { Evidence } from '../evidence.ts';
import type { DoctorCheck } from '../finding.ts';
import { nextSteps } from '../next-steps.ts';

/** Below this part of the limit a warning is due. */
const enough = 0.1;

/** Is enough of the provider's own limit left? From what its answers to the connection test say. */
export const rateLimit: DoctorCheck = {
  type: 'rate_limit',
  needs: ['connectivity', 'tls'],
  async run(evidence) {
    const refusal = await refusedByPace(evidence);
    if (refusal !== undefined) {
      const details = { code: 'provider_rate_limited', ...refusal.details };
      return { status: 'fail', message: refusal.message, details, suggestions: nextSteps('provider_rate_limited') };
    }
    const { limit, remaining, resetAt } = stateIn(evidence.requests) ?? {};
    if (remaining === undefined) {
      return { status: 'pass', message: 'The product does not tell how much of its limit is left.' };
    }
    const of = limit === undefined ? '' : ` of ${limit}`;
    const reset = resetAt === undefined ? '' : ` It is renewed at ${resetAt.toISOString()}.`;
    const details = { remaining, limit: limit ?? null, resetAt: resetAt?.toISOString() ?? null };
    if (remaining <= 0) {
      const suggestions = nextSteps('provider_rate_limited');
      return { status: 'fail', message: `Nothing is left${of} requests.${reset}`, details, suggestions };
    }
    if (limit !== undefined && remaining <= limit * enough) {
      return {
        status: 'warn',
        message: `Only ${remaining}${of} requests are left.${reset}`,
        details,
        suggestions: [
          'Lower rateLimits of the integration, cache more, or ask the provider for a higher limit; others may use the same account.',
        ],
      };
    }
    return { status: 'pass', message: `${remaining}${of} requests are left.`, details };
  },
};

/** True when the limit is so nearly used up that the doctor should not spend more of it. */
export function isScarce(requests: readonly EgressAttempt[]): boolean {
  const { limit, remaining } = stateIn(requests) ?? {};
  return remaining !== undefined && (remaining <= 5 || (limit !== undefined && remaining <= limit * enough));
}

/** What the last answer that says anything says; token services count by themselves. */
function stateIn(requests: readonly EgressAttempt[]): EgressAttempt['rateLimit'] {
  return requests.findLast(({ purpose, rateLimit: state }) => purpose === 'action' && state?.remaining !== undefined)
    ?.rateLimit;
}

async function refusedByPace({ test }: Evidence): Promise<{ message: string; details: object } | undefined> {
  // Where the hub itself refused to ask, the authentication check has told why.
  const result = await test().catch(() => undefined);
  if (result?.details['code'] !== 'provider_rate_limited') return undefined;
  const { retryAfterMs } = result.details;
  return { message: result.message, details: retryAfterMs === undefined ? {} : { retryAfterMs } };
}
