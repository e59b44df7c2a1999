import { HubError, invalidField } from '@inthub/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The version of a resource as its ETag (RFC 9110 §8.8.3). */
export function setETag(reply: FastifyReply, version: number): void {
  reply.header('etag', `"${version}"`);
}

/**
 * The version that `If-Match` names. Weak tags and lists are not versions of the hub.
 * @throws HubError `precondition_required` when absent, `invalid_request` when it is not one of the hub's ETags.
 */
export function requireIfMatch(request: FastifyRequest): number {
  const version = readIfMatch(request);
  if (version === undefined) {
    throw new HubError(
      'precondition_required',
      'Send If-Match with the ETag that you read, so that nobody else’s change is lost.',
    );
  }
  return version;
}

/** As `requireIfMatch`, where the header may be absent. */
export function readIfMatch(request: FastifyRequest): number | undefined {
  const text = request.headers['if-match'];
  if (text === undefined) return undefined;
  const match = /^"(\d{1,9})"$/.exec(text.trim());
  if (match === null)
    throw invalidField('/headers/if-match', 'must be an ETag of this resource, for example "3"', 'if_match');
  return Number(match[1]);
}
