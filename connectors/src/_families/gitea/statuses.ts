import type { SourceControlHandlers } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { path } from './api.ts';
import { timestamp } from './people.ts';
import { StatusFields } from './schema.ts';

const states = ['pending', 'success', 'failure', 'error'] as const;

export const statusHandlers: SourceControlHandlers = {
  'status.create': async ({ owner, repo, sha, state, context, description, targetUrl }, ctx) => {
    const json = { state, context, description, target_url: targetUrl };
    const response = await ctx.http.post(path`/repos/${owner}/${repo}/statuses/${sha}`, { json });
    const found = await response.json(StatusFields);
    // The answer calls `status` what the request calls `state`.
    const known = states.find((name) => name === found.status);
    if (known === undefined)
      throw new HubError('provider_bad_response', 'The server gave a status of an unknown state.');
    return {
      id: String(found.id),
      sha,
      state: known,
      context: found.context,
      description: found.description || null,
      targetUrl: found.target_url || null,
      createdAt: timestamp(found.created_at),
    };
  },
};
