import {
  type ActionContext,
  type CheckOutcome,
  type ConnectionReport,
  type ConnectionStep,
  type ConnectorCheck,
  type Remedies,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { OciProduct } from './product.ts';
import { ping } from './registry-api.ts';

export interface ConnectionSteps {
  readonly product: OciProduct;
  readonly remedies: Remedies;
  /** For products whose `/v2/` is closed to callers that they otherwise serve. Default false. */
  readonly skipPing?: boolean;
  /** Steps after the ping, each giving details; the name says in a failure how far the test came. */
  readonly steps?: readonly ConnectionStep[];
}

/** A connection test that says precisely what was wrong: `GET /v2/`, then the product's own steps. */
export async function testOciConnection(
  { product, remedies, skipPing = false, steps = [] }: ConnectionSteps,
  ctx: ActionContext,
): Promise<ConnectionReport> {
  const registry = { name: 'registry API', run: () => requireRegistry(product, ctx) };
  return testBySteps({ product: product.name, remedies, steps: skipPing ? steps : [registry, ...steps] }, ctx);
}

/** A check that passes when `probe` gives a message, and on failure says what to do. */
export function ociCheck(
  check: Pick<ConnectorCheck, 'id' | 'title'> & {
    readonly product: OciProduct;
    readonly remedies: Remedies;
    probe(ctx: ActionContext): Promise<CheckOutcome>;
  },
): ConnectorCheck {
  return remedyCheck({ ...check, product: check.product.name });
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
