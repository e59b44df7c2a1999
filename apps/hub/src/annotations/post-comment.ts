import { HubError, type ScmCommentRequest } from '@inthub/contracts';
import { fit, markerOf } from './markdown.ts';
import type { FoundComment, Scm } from './scm-calls.ts';

export interface PostedComment {
  readonly id: string;
  readonly url: string | null;
  readonly updated: boolean;
  readonly isTruncated: boolean;
}

const defaultKey = 'default';

/** Creates the hub's comment under its key, or changes the one that it wrote before. @throws HubError */
export function postComment(scm: Scm, request: ScmCommentRequest): Promise<PostedComment> {
  const { pullRequestNumber, key = defaultKey, commentId, updateExisting = true } = request;
  if (commentId !== undefined || !updateExisting) return writeComment(scm, request);
  return scm.alone(request, pullRequestNumber, key, (alone) => writeComment(alone, request));
}

/** The same for who is alone under the key already. @throws HubError */
export async function writeComment(scm: Scm, request: ScmCommentRequest): Promise<PostedComment> {
  const { pullRequestNumber: number, key = defaultKey, commentId, updateExisting = true } = request;
  const marker = markerOf(key);
  const { text, isTruncated } = fit(request.body, scm.product.maxComment, marker);
  const posted = ({ id, url }: FoundComment, updated: boolean) => ({ id, url, updated, isTruncated });

  if (commentId !== undefined) return posted(await scm.updateComment(request, number, commentId, text), true);
  const own = updateExisting ? await findOwn(scm, request, marker) : undefined;
  if (own !== undefined) {
    try {
      return posted(await scm.updateComment(request, number, own.id, text), true);
    } catch (error) {
      // Somebody has just removed it: then it is written anew.
      if (!(error instanceof HubError && error.code === 'provider_not_found')) throw error;
    }
  }
  return posted(await scm.createComment(request, number, text), false);
}

/** A comment that ends with the mark; one that quotes it in the middle is somebody else's. */
async function findOwn(scm: Scm, request: ScmCommentRequest, marker: string): Promise<FoundComment | undefined> {
  for await (const comment of scm.comments(request, request.pullRequestNumber)) {
    if (comment.body.trimEnd().endsWith(marker) && !comment.body.trimEnd().split('\n').at(-1)?.startsWith('>'))
      return comment;
  }
  return undefined;
}
