/**
 * One GraphQL operation. Sources: linear.app/developers/graphql (errors come with 200 or 400), …/rate-limiting (`RATELIMITED`,
 * headers in milliseconds since 1970), and the error types of @linear/sdk 98.
 */
import { type ActionContext, type HttpResponse, parseProviderJson } from '@inthub/connector-sdk';
import { type ErrorCode, HubError } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import { type QueryName, queries } from './queries.ts';
import { Envelope } from './schema.ts';

type Variables = Readonly<Record<string, unknown>>;

/** @throws HubError by the kind of the first error, also where the status is 200. */
export async function ask<Schema extends TSchema>(
  name: QueryName,
  variables: Variables,
  schema: Schema,
  ctx: ActionContext,
): Promise<Static<Schema>> {
  const query = queries[name];
  const response = await ctx.http.post('/graphql', {
    json: { query, operationName: name, variables },
    // A query changes nothing, whatever the method of HTTP says.
    ...(query.startsWith('query') ? { idempotent: true } : {}),
    expect: [400],
  });
  const text = await response.text();
  const { data, errors } = parseProviderJson(text, 'The answer', Envelope);
  const [first] = errors ?? [];
  if (first !== undefined) throw refusal(name, first, response, ctx);
  if (response.status === 400) throw new HubError('provider_rejected', `Linear refused ${name} without saying why.`);
  const answer = parseProviderJson(JSON.stringify(data ?? null), 'The data of the answer', schema);
  for (const [field, payload] of Object.entries(answer as Readonly<Record<string, unknown>>)) {
    if ((payload as { success?: unknown }).success === false)
      throw new HubError('provider_rejected', `Linear did not carry out ${field}, and does not say why.`);
  }
  return answer;
}

type GraphqlError = NonNullable<Static<typeof Envelope>['errors']>[number];

const byType: Readonly<Record<string, ErrorCode>> = {
  'authentication error': 'provider_unauthenticated',
  forbidden: 'provider_forbidden',
  'feature not accessible': 'provider_forbidden',
  'usage limit exceeded': 'provider_forbidden',
  ratelimited: 'provider_rate_limited',
  'internal error': 'provider_unavailable',
  'network error': 'provider_unavailable',
  'lock timeout': 'provider_unavailable',
  'bootstrap error': 'provider_unavailable',
};
const byCode: Readonly<Record<string, ErrorCode>> = {
  AUTHENTICATION_ERROR: 'provider_unauthenticated',
  FORBIDDEN: 'provider_forbidden',
  RATELIMITED: 'provider_rate_limited',
  INTERNAL_SERVER_ERROR: 'provider_unavailable',
};

function refusal(name: QueryName, error: GraphqlError, response: HttpResponse, ctx: ActionContext): HubError {
  const { type, code, userPresentableMessage } = error.extensions ?? {};
  const kind = codeOf(error);
  const said = oneLine(userPresentableMessage ?? error.message);
  return new HubError(kind, `Linear refused ${name}: ${said}`, {
    details: { operation: name, ...(type ? { type: oneLine(type) } : {}), ...(code ? { code: oneLine(code) } : {}) },
    ...(kind === 'provider_rate_limited' ? retryAfter(response, ctx) : {}),
  });
}

function codeOf({ message, extensions }: GraphqlError): ErrorCode {
  const type = (extensions?.type ?? '').toLowerCase();
  const code = extensions?.code ?? '';
  if (Object.hasOwn(byCode, code)) return byCode[code] as ErrorCode;
  if (Object.hasOwn(byType, type)) return byType[type] as ErrorCode;
  // Linear types what does not exist as invalid input; only these words tell the two apart (seen in linear/linear issues, 2026-11).
  if (/^Entity not found|^Could not find (?:referenced|entity)/i.test(message)) return 'provider_not_found';
  return 'provider_rejected';
}

/** When the window that is used up begins anew: of requests, of complexity, or of the endpoint. */
function retryAfter({ headers }: HttpResponse, ctx: ActionContext): { retryAfterMs?: number } {
  const now = ctx.clock.now().getTime();
  const waits = ['requests', 'complexity', 'endpoint-requests'].flatMap((window) => {
    const reset = headers.get(`x-ratelimit-${window}-reset`);
    if (headers.get(`x-ratelimit-${window}-remaining`) !== '0' || reset === undefined || !/^\d{13}$/.test(reset))
      return [];
    return [Math.max(0, Number(reset) - now)];
  });
  return waits.length === 0 ? {} : { retryAfterMs: Math.min(86_400_000, Math.max(...waits)) };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300).toWellFormed();
}
