import type { ActionContext } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import { call } from './api.ts';
import { Users } from './schema.ts';

/** `ghost` is the account that GitLab hands the works of deleted accounts to (docs.gitlab.com/user/profile/account/delete_account). */
export function loginOf(user: { readonly username: string } | null | undefined): string {
  return user?.username ?? 'ghost';
}

/**
 * GitLab assigns by id; names are asked for one by one (docs.gitlab.com/api/users, "List all users", `username`).
 * @throws HubError `invalid_request` naming the login that does not exist.
 */
export async function idsOf(logins: readonly string[], ctx: ActionContext): Promise<number[]> {
  const ids: number[] = [];
  for (const [at, username] of logins.entries()) {
    const [found] = await (await call('GET', '/users', ctx, { query: { username } })).json(Users);
    if (found === undefined) throw invalidField(`/assignees/${at}`, `names ${username}, whom GitLab does not know.`);
    ids.push(found.id);
  }
  return ids;
}
