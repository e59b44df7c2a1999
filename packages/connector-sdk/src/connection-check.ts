/** Connection tests and doctor checks that say what a failure means for an operator, and the way out. */
import { type ErrorCode, HubError } from '@inthub/contracts';
import type { CheckOutcome, ConnectionReport, ConnectorCheck } from './connector.ts';
import type { ActionContext } from './context.ts';

/** How an operator of one product mends what goes wrong; whole sentences. */
export interface Remedies {
  /** What a right endpoint looks like. */
  readonly endpoint: string;
  /** Where to get a credential that works. */
  readonly credential: string;
  /** Which permission is wanted. */
  readonly permission: string;
}

export interface RemedyOptions {
  /** The product's name, as operators know it. */
  readonly product: string;
  readonly remedies: Remedies;
  /** Where a code means something else at this product than it does elsewhere: what is shown instead. */
  readonly meanings?: Readonly<Partial<Record<ErrorCode, Meaning>>>;
}

/** @param host Of the endpoint, with its port. */
type Meaning = (error: HubError, host: string) => { readonly message: string; readonly suggestion: string };

function explainFailure(
  error: HubError,
  { product, remedies, meanings }: RemedyOptions,
  ctx: ActionContext,
): ReturnType<Meaning> {
  const { host } = new URL(ctx.integration.config.endpoint);
  const own = meanings?.[error.code];
  if (own !== undefined) return own(error, host);
  const anonymous = ctx.integration.config.authMode === 'none';
  const means: Partial<Record<ErrorCode, readonly [string, string]>> = {
    provider_unauthenticated: anonymous
      ? [
          `${product} at ${host} does not let anonymous callers in.`,
          `Choose another authentication. ${remedies.credential}`,
        ]
      : [
          `${product} at ${host} refused the credential.`,
          `It may be wrong, expired or revoked. ${remedies.credential}`,
        ],
    provider_forbidden: [
      `${product} at ${host} knows the credential but does not allow this: ${error.message}`,
      remedies.permission,
    ],
    provider_not_found: [`${product} was not found at this endpoint (HTTP 404).`, remedies.endpoint],
    provider_bad_response: [
      `What answers at ${host} does not speak like ${product}: ${error.message}`,
      remedies.endpoint,
    ],
    provider_rate_limited: [
      `${product} at ${host} asks to slow down.`,
      'Wait, then test again; lower the rate limits of the integration if this repeats.',
    ],
    provider_unavailable: [
      `${product} at ${host} fails to answer properly.`,
      'Look at its status page or logs, then test again.',
    ],
  };
  const [message, suggestion] = means[error.code] ?? [error.message, remedies.endpoint];
  return { message, suggestion };
}

export interface ConnectionStep {
  /** Says in a failure how far the test came. */
  readonly name: string;
  /** Gives details of the report. */
  run(ctx: ActionContext): Promise<Readonly<Record<string, unknown>>>;
  /** Why the product cannot be used although it answered (a vault that is sealed): the test ends with these words. Undefined: it can. */
  unusable?(details: Readonly<Record<string, unknown>>): string | undefined;
}

/** A connection test that says precisely what was wrong, and with which step. */
export async function testBySteps(
  options: RemedyOptions & {
    readonly steps: readonly ConnectionStep[];
    /** Default “<product> answers and accepts the credential.” */
    readonly success?: string;
  },
  ctx: ActionContext,
): Promise<ConnectionReport> {
  let details: Readonly<Record<string, unknown>> = {};
  for (const { name, run, unusable } of options.steps) {
    try {
      details = { ...details, ...(await run(ctx)) };
      const message = unusable?.(details);
      if (message !== undefined) return { success: false, message, details: { ...details, step: name } };
    } catch (error) {
      if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
      const { message, suggestion } = explainFailure(error, options, ctx);
      return {
        success: false,
        message: `${message} ${suggestion}`,
        details: { ...details, step: name, code: error.code },
      };
    }
  }
  const message = options.success ?? `${options.product} answers and accepts the credential.`;
  return { success: true, message, details };
}

/** A check whose `probe` gives the outcome, and which on failure says what to do. */
export function remedyCheck(
  check: Pick<ConnectorCheck, 'id' | 'title'> & RemedyOptions & { probe(ctx: ActionContext): Promise<CheckOutcome> },
): ConnectorCheck {
  const { id, title, probe } = check;
  return {
    id,
    title,
    async run(ctx) {
      try {
        return await probe(ctx);
      } catch (error) {
        if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
        const { message, suggestion } = explainFailure(error, check, ctx);
        return { status: 'fail', message, details: { code: error.code }, suggestions: [suggestion] };
      }
    },
  };
}
