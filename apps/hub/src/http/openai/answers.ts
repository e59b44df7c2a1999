/** Errors in OpenAI's form, so that its SDKs throw what their users catch. Source: its OpenAPI document 2.3.0, ErrorResponse. */
import type { HubError } from '@inthub/contracts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { reportOwnFault, toHubError } from '../problems.ts';
import { setHeaders, type WholeAnswer } from '../raw-answer.ts';

/** A plain string: the schema is for the reference, the form is made by hand. */
export function sendOpenAiAnswer(reply: Pick<FastifyReply, 'raw'>, value: object): FastifyReply {
  return sendOpenAiText(reply, JSON.stringify(value));
}

export function sendOpenAiText(reply: Pick<FastifyReply, 'raw'>, text: string): FastifyReply {
  return (reply as FastifyReply).header('content-type', 'application/json; charset=utf-8').send(text);
}

/** Instead of the problem documents that the rest of the hub answers with. */
export function sendOpenAiError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toHubError(error);
  reportOwnFault(request.log, error, known);
  const { status, headers, body } = openAiErrorReply(known);
  setHeaders(reply, headers);
  return reply.code(status).send(body);
}

export function openAiErrorReply(error: HubError): WholeAnswer {
  // The SDKs ask for x-should-retry before they go by the status.
  const headers = ['content-type', 'application/json; charset=utf-8', 'x-should-retry', String(error.retryable)];
  if (error.code === 'unauthenticated') headers.push('www-authenticate', 'Bearer realm="inthub"');
  const { retryAfterMs } = error;
  if (retryAfterMs !== undefined) headers.push('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return { status: statusOf(error), headers, body: JSON.stringify({ error: openAiError(error) }) };
}

/** `code` is the hub's, or the reason where OpenAI has the same word. */
export function openAiError(error: HubError): { message: string; type: string; param: string | null; code: string } {
  const { reason, field } = error.details;
  const place = error.errors[0]?.path
    .replace(/^\/params/, '')
    .replace(/^\//, '')
    .replaceAll('/', '.');
  return {
    message: error.message,
    type: typeOf(statusOf(error)),
    param: place || (typeof field === 'string' ? field : null),
    code: typeof reason === 'string' ? reason : error.code,
  };
}

/** A prompt that the provider cannot take is a 400 there, not the hub's 422. */
function statusOf(error: HubError): number {
  return error.code === 'provider_rejected' ? 400 : error.status;
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}
