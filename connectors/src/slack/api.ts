/** One call of the Web API. Source: docs.slack.dev/apis/web-api and each method's list of errors. */
import { type ActionContext, type HttpResponse, parseProviderJson } from '@inthub/connector-sdk';
import { type ErrorCode, HubError } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import { Envelope } from './schema.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A method that reads; egress may repeat it. */
export async function read<Schema extends TSchema>(
  method: string,
  query: Query,
  schema: Schema,
  ctx: ActionContext,
): Promise<Static<Schema>> {
  return decode(method, await ctx.http.get(`/${method}`, { query }), schema);
}

export interface WriteOptions {
  /** A repeat of this call does no harm. */
  readonly idempotent?: boolean;
}

/** A method that changes something. */
export async function write<Schema extends TSchema>(
  method: string,
  json: Readonly<Record<string, unknown>>,
  schema: Schema,
  ctx: ActionContext,
  options: WriteOptions = {},
): Promise<Static<Schema>> {
  const response = await ctx.http.post(`/${method}`, {
    json,
    // Slack warns about JSON whose charset it has to guess.
    headers: { 'content-type': 'application/json; charset=utf-8' },
    ...options,
  });
  return decode(method, response, schema);
}

/** The answer of a method, its scopes included, or the error that its body names. */
export async function decode<Schema extends TSchema>(
  method: string,
  response: HttpResponse,
  schema: Schema,
): Promise<Static<Schema>> {
  const text = await response.text();
  const envelope = parseProviderJson(text, 'The answer', Envelope);
  if (!envelope.ok) throw refusal(method, envelope, response);
  return parseProviderJson(text, 'The answer', schema);
}

const meanings: Partial<Record<ErrorCode, readonly string[]>> = {
  provider_unauthenticated: [
    'not_authed',
    'invalid_auth',
    'account_inactive',
    'token_expired',
    'token_revoked',
    'user_removed_from_team',
  ],
  provider_forbidden: [
    'missing_scope',
    'no_permission',
    'not_allowed_token_type',
    'not_in_channel',
    'cant_update_message',
    'cant_delete_message',
    'cannot_dm_bot',
    'edit_window_closed',
    'ekm_access_denied',
    'enterprise_is_restricted',
    'access_denied',
    'org_login_required',
    'team_access_not_granted',
    'two_factor_setup_required',
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
    'restricted_action_thread_locked',
    'restricted_action_non_threadable_channel',
    'user_not_visible',
  ],
  provider_not_found: [
    'channel_not_found',
    'message_not_found',
    'thread_not_found',
    'user_not_found',
    'users_not_found',
    'user_disabled',
  ],
  provider_conflict: ['is_archived', 'is_inactive'],
  provider_rate_limited: ['ratelimited', 'rate_limited', 'message_limit_exceeded'],
  provider_unavailable: [
    'internal_error',
    'fatal_error',
    'service_unavailable',
    'request_timeout',
    'team_added_to_org',
  ],
  invalid_cursor: ['invalid_cursor'],
};
const codes = new Map(
  Object.entries(meanings).flatMap(([code, errors]) => errors.map((error) => [error, code as ErrorCode] as const)),
);

const remedies: Readonly<Record<string, string>> = {
  not_in_channel: 'Invite the app to the channel: /invite @app.',
  channel_not_found: 'Give the id of a channel; of a private channel the app must be a member.',
  cannot_dm_bot: 'Bots cannot be written to.',
  is_archived: 'The channel is archived; unarchive it or choose another.',
  token_expired: 'Sign in again, or switch token rotation off for the app.',
  invalid_cursor: 'Start again without a cursor.',
  msg_too_long: 'The message is too long; split it.',
  msg_blocks_too_long: 'The blocks are too long together; split the message.',
};

function refusal(method: string, envelope: Static<typeof Envelope>, response: HttpResponse): HubError {
  const error = word(envelope.error ?? 'unknown_error');
  const code = codes.get(error) ?? 'provider_rejected';
  const parts = [`Slack refused ${method}: ${error}.`];
  const details: Record<string, unknown> = { method, error };
  if (error === 'missing_scope') {
    const needed = word(envelope.needed ?? 'unknown');
    details['needed'] = needed;
    details['provided'] = word(envelope.provided ?? '');
    parts.push(
      `The token lacks the scope ${needed}; add it under OAuth & Permissions of the app and install it again.`,
    );
  } else if (remedies[error] !== undefined) parts.push(remedies[error]);
  // `invalid_blocks` and `invalid_arguments` say here what is wrong with them.
  const said = envelope.response_metadata?.messages?.slice(0, 3).map((message) => message.slice(0, 200));
  if (said !== undefined && said.length > 0) parts.push(`Slack says: ${said.join(' ')}`);
  return new HubError(code, parts.join(' '), { details, ...retryAfter(code, response) });
}

function retryAfter(code: ErrorCode, response: HttpResponse): { retryAfterMs?: number } {
  const seconds = response.headers.get('retry-after');
  if (code !== 'provider_rate_limited' || seconds === undefined || !/^\d{1,6}$/.test(seconds)) return {};
  return { retryAfterMs: Number(seconds) * 1000 };
}

/** Error and scope names are short words; whatever else came is cut down to that. */
function word(value: string): string {
  return value.replaceAll(/[^A-Za-z0-9_:.,| -]/g, '').slice(0, 400);
}
