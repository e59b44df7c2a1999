import { toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';

/** `Ghost` is the name that Gitea itself gives a deleted account (models/user, NewGhostUser). */
export function loginOf(user: { readonly login: string } | null | undefined): string {
  return user?.login || 'Ghost';
}

export function loginsOf(users: readonly { readonly login: string }[] | null | undefined): string[] {
  return (users ?? []).map(({ login }) => login);
}

export function namesOf(labels: readonly { readonly name: string }[] | null | undefined): string[] {
  return (labels ?? []).map(({ name }) => name);
}

/** A date that the server always gives. @throws HubError `provider_bad_response` */
export function timestamp(text: string | null | undefined): string {
  const found = toTimestamp(text);
  if (found !== null) return found;
  throw new HubError('provider_bad_response', 'The server left out a date, or gave one that is none.');
}
