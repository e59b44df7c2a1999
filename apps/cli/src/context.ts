import { createHubClient, type HubClient } from '@inthub/client';
import { readSettings, type Settings } from './config.ts';
import { chooseTarget, type GlobalFlags, requireToken, type Target } from './connection.ts';
import { createOutput, type Output } from './output.ts';
import { createProfileStore, type ProfileStore } from './profile-store.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. The flags are known only once the command line has been parsed. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly settings: Settings;
  readonly profiles: ProfileStore;
  output(): Output;
  flags(): GlobalFlags;
  target(): Promise<Target>;
  /** A client that is signed in. @throws CliError when there is no token. */
  client(): Promise<HubClient>;
}

export function createContext(terminal: Terminal, flags: () => GlobalFlags): CliContext {
  const settings = readSettings(terminal.environment);
  const output = () => createOutput(terminal, flags().json);
  const profiles = createProfileStore(settings.configFile, (text) => output().warning(text));
  const target = async () => chooseTarget(flags(), settings, await profiles.read());
  return {
    terminal,
    settings,
    profiles,
    output,
    flags,
    target,
    async client() {
      const chosen = await target();
      return createHubClient({ url: chosen.url, token: requireToken(chosen) });
    },
  };
}
