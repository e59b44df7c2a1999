import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The one place where the CLI reads the process's environment. */
export function processEnvironment(): Environment {
  return process.env;
}

export interface Settings {
  /** INTHUB_URL */
  readonly url: string | undefined;
  /** INTHUB_TOKEN */
  readonly token: string | undefined;
  /** INTHUB_PROFILE */
  readonly profile: string | undefined;
  /** Where `inthub login` keeps URL and token of each profile. */
  readonly configFile: string;
  /** False when NO_COLOR is set (no-color.org) or the terminal is a dumb one. */
  readonly colorAllowed: boolean;
}

export const defaultUrl = 'http://127.0.0.1:8080';
export const defaultProfile = 'default';

/** What the environment says. A variable set to nothing counts as not set. */
export function readSettings(environment: Environment): Settings {
  const text = (name: string) => environment[name]?.trim() || undefined;
  // A relative path is to be ignored (XDG Base Directory Specification, "Environment variables").
  const xdg = text('XDG_CONFIG_HOME');
  const home = text('HOME') ?? homedir();
  const configHome = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.config');
  return {
    url: text('INTHUB_URL'),
    token: text('INTHUB_TOKEN'),
    profile: text('INTHUB_PROFILE'),
    configFile: join(configHome, 'inthub', 'config.json'),
    colorAllowed: text('NO_COLOR') === undefined && environment['TERM'] !== 'dumb',
  };
}
