import type { ActionContext, CheckOutcome, ConnectionReport, ConnectorCheck } from '@inthub/connector-sdk';
import { type ErrorCode, HubError } from '@inthub/contracts';
import type { OciProduct } from './product.ts';
import { ping } from './registry-api.ts';

/** How an operator of one product mends what goes wrong. */
export interface Remedies {
  /** What a right endpoint looks like. */
  readonly endpoint: string;
  /** Where to get a credential that works. */
  readonly credential: string;
  /** Which permission is wanted. */
  readonly permission: string;
}

/** What a failure means for a connection, and the way out. */
function explainFailure(
  error: HubError,
  product: OciProduct,
  remedies: Remedies,
  ctx: ActionContext,
): { message: string; suggestion: string } {
  const { host } = new URL(ctx.integration.config.endpoint);
  const anonymous = ctx.integration.config.authMode === 'none';
  const means: Partial<Record<ErrorCode, readonly [string, string]>> = {
    provider_unauthenticated: anonymous
      ? [
          `${product.name} at ${host} does not let anonymous callers in.`,
          `Choose another authentication. ${remedies.credential}`,
        ]
      : [
          `${product.name} at ${host} refused the credential.`,
          `It may be wrong, expired or revoked. ${remedies.credential}`,
        ],
    provider_forbidden: [
      `${product.name} at ${host} knows the credential but does not allow this.`,
      remedies.permission,
    ],
    provider_not_found: [`${product.name} was not found at this endpoint (HTTP 404).`, remedies.endpoint],
    provider_bad_response: [
      `What answers at ${host} does not speak like ${product.name}: ${error.message}`,
      remedies.endpoint,
    ],
    provider_rate_limited: [
      `${product.name} at ${host} asks to slow down.`,
      'Wait, then test again; lower the rate limits of the integration if this repeats.',
    ],
    provider_unavailable: [
      `${product.name} at ${host} fails to answer properly.`,
      'Look at its status page or logs, then test again.',
    ],
  };
  const [message, suggestion] = means[error.code] ?? [error.message, remedies.endpoint];
  return { message, suggestion };
}

export interface ConnectionSteps {
  readonly product: OciProduct;
  readonly remedies: Remedies;
  /** For products whose `/v2/` is closed to callers that they otherwise serve. Default false. */
  readonly skipPing?: boolean;
  /** Steps after the ping, each giving details; the name says in a failure how far the test came. */
  readonly steps?: readonly {
    readonly name: string;
    run(ctx: ActionContext): Promise<Readonly<Record<string, unknown>>>;
  }[];
}

/** A connection test that says precisely what was wrong: `GET /v2/`, then the product's own steps. */
export async function testOciConnection(
  { product, remedies, skipPing = false, steps = [] }: ConnectionSteps,
  ctx: ActionContext,
): Promise<ConnectionReport> {
  const registry = { name: 'registry API', run: () => requireRegistry(product, ctx) };
  const all = skipPing ? steps : [registry, ...steps];
  let details: Readonly<Record<string, unknown>> = {};
  for (const { name, run } of all) {
    try {
      details = { ...details, ...(await run(ctx)) };
    } catch (error) {
      if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
      const { message, suggestion } = explainFailure(error, product, remedies, ctx);
      return {
        success: false,
        message: `${message} ${suggestion}`,
        details: { ...details, step: name, code: error.code },
      };
    }
  }
  return { success: true, message: `${product.name} answers and accepts the credential.`, details };
}

/** A check that passes when `probe` gives a message, and on failure says what to do. */
export function ociCheck(
  check: Pick<ConnectorCheck, 'id' | 'title'> & {
    readonly product: OciProduct;
    readonly remedies: Remedies;
    probe(ctx: ActionContext): Promise<CheckOutcome>;
  },
): ConnectorCheck {
  const { id, title, product, remedies, probe } = check;
  return {
    id,
    title,
    async run(ctx) {
      try {
        return await probe(ctx);
      } catch (error) {
        if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
        const { message, suggestion } = explainFailure(error, product, remedies, ctx);
        return { status: 'fail', message, details: { code: error.code }, suggestions: [suggestion] };
      }
    },
  };
}

export function reachableCheck(connectorId: string, product: OciProduct, remedies: Remedies): ConnectorCheck {
  return ociCheck({
    id: `${connectorId}.reachable`,
    title: 'The registry answers and lets us in',
    product,
    remedies,
    probe: async (ctx) => ({
      status: 'pass',
      message: `${product.name} answers ${new URL(ctx.integration.config.endpoint).host}.`,
      details: await requireRegistry(product, ctx),
    }),
  });
}

/** Registries name themselves in a header or answer `/v2/` with nothing, `true` or a JSON object; a web page is something else. */
export async function requireRegistry(product: OciProduct, ctx: ActionContext): Promise<Record<string, unknown>> {
  const response = await ping(product, ctx);
  const apiVersion = response.headers.get('docker-distribution-api-version');
  const body = (await response.text()).trim();
  const isJson = body === '' || body === 'true' || (body.startsWith('{') && body.endsWith('}'));
  if (apiVersion === undefined && !isJson) {
    throw new HubError('provider_bad_response', 'the answer is not that of a registry.');
  }
  return { registryApi: apiVersion?.slice(0, 64) ?? 'v2' };
}
