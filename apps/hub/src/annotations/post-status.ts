import type { ScmStatusRequest } from '@inthub/contracts';
import type { Scm } from './scm-calls.ts';

/** Sets a commit status; one of the same context is replaced by the product. @throws HubError */
export async function postStatus(scm: Scm, request: ScmStatusRequest) {
  const { commitSha, state, context, description = '', targetUrl } = request;
  const { maxDescription } = scm.product;
  const { id } = await scm.setStatus(request, {
    sha: commitSha,
    state,
    context,
    ...(description === '' ? {} : { description: description.slice(0, maxDescription) }),
    ...(targetUrl === undefined ? {} : { targetUrl }),
  });
  const isTruncated = description.length > maxDescription;
  return { id, url: null, updated: false, via: 'status' as const, annotations: 0, isTruncated };
}
