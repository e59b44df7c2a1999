import type { SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { call } from './api.ts';
import { StatusFields } from './schema.ts';
import { timestamp } from './timestamp.ts';

/** GitHub refuses longer ones ("description is too long (maximum is 140 characters)"). */
const maxDescription = 140;
const states = ['pending', 'success', 'failure', 'error'] as const;

export const statusHandlers: SourceControlHandlers = {
  'status.create': async ({ owner, repo, sha, state, context, description, targetUrl }, ctx) => {
    const response = await call(
      'POST /repos/{owner}/{repo}/statuses/{sha}',
      {
        owner,
        repo,
        sha,
        state,
        context,
        description: description === undefined ? undefined : shorten(description, maxDescription),
        target_url: targetUrl,
      },
      ctx,
    );
    const found = await response.json(StatusFields);
    const known = states.find((name) => name === found.state);
    if (known === undefined) throw new HubError('provider_bad_response', 'GitHub gave a status of an unknown state.');
    return {
      id: String(found.id),
      sha,
      state: known,
      context: found.context,
      description: found.description ?? null,
      targetUrl: found.target_url ?? null,
      createdAt: timestamp(found.created_at),
    };
  },
};

/** At most `length` UTF-16 units, never half a character. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
