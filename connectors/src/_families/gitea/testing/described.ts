/** Holds a fake to the vendor's description: every request that the connector sends, and every answer. */

import type { ApiDescription, Responder, SentRequest } from '@inthub/connector-sdk/testing';
import { HubError } from '@inthub/contracts';

export function heldTo(description: ApiDescription, respond: Responder): Responder {
  return async (request, signal) => {
    const reply = await respond(request, signal);
    const asDescribed = withOneSegment(request);
    const status = reply?.status ?? 200;
    const faults = [
      ...description.checkRequest(asDescribed),
      ...(reply?.json === undefined || status >= 400
        ? []
        : description.checkReply(asDescribed, status, bare(reply.json))),
    ];
    if (faults.length > 0)
      throw new HubError('internal', `${request.method} ${request.url.pathname}: ${faults.join('; ')}`);
    return reply;
  };
}

/** The path of a file is one parameter, whose slashes stay as they are on the wire. */
function withOneSegment(request: SentRequest): SentRequest {
  const [, before, file] = /^(.*\/(?:contents|raw)\/)(.+)$/.exec(request.url.pathname) ?? [];
  if (before === undefined || file === undefined) return request;
  const url = new URL(request.url);
  url.pathname = before + file.replaceAll('/', '%2F');
  return { ...request, url };
}

/** Swagger 2.0 cannot say that a field may be null; Gitea writes null for what is not there. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(entries.map(([key, part]) => [key, bare(part)]));
}
