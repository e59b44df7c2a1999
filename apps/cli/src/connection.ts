import { CliError, usageError } from './cli-error.ts';
import { defaultProfile, defaultUrl, type Settings } from './config.ts';
import { exitCodes } from './exit-codes.ts';
import { type Profile, requireProfileName } from './profile-store.ts';

export interface GlobalFlags {
  readonly json: boolean;
  readonly url?: string;
  readonly profile?: string;
}

export interface Target {
  readonly profile: string;
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * Which hub, with which token: flags before environment before the stored profile. A stored token goes to the URL that it was
 * stored for and nowhere else.
 */
export function chooseTarget(
  flags: Pick<GlobalFlags, 'url' | 'profile'>,
  settings: Pick<Settings, 'url' | 'token' | 'profile'>,
  profiles: ReadonlyMap<string, Profile>,
): Target {
  const profile = requireProfileName(flags.profile ?? settings.profile ?? defaultProfile);
  const stored = profiles.get(profile);
  const url = hubUrl(flags.url ?? settings.url ?? stored?.url ?? defaultUrl);
  const storedToken = stored !== undefined && hubUrl(stored.url) === url ? stored.token : undefined;
  return { profile, url, token: settings.token ?? storedToken };
}

/** @throws CliError that says how to sign in. */
export function requireToken({ profile, url, token }: Target): string {
  if (token !== undefined) return token;
  const wanted = profile === defaultProfile ? '' : ` --profile ${profile}`;
  throw new CliError(
    exitCodes.denied,
    `Not signed in to ${url} (profile ${profile}).`,
    `Run inthub login${wanted} --url ${url}, or set INTHUB_TOKEN.`,
  );
}

/** The URL in one form. @throws CliError when it cannot be a hub's. */
export function hubUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw usageError('The hub’s URL must start with http:// or https://.', `Example: ${defaultUrl}`);
  }
  // Not quoted: a password may stand in it.
  if (url.username !== '' || url.password !== '') throw usageError('The hub’s URL must not hold a user or password.');
  if (url.search !== '' || url.hash !== '') throw usageError('The hub’s URL must not have a query or fragment.');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Whether a token sent there can be read on the way. */
export function isUnprotected(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return protocol === 'http:' && !loopback;
}
