import { HubError } from '@inthub/contracts';
import { ConfigError } from './config.ts';

/** A setting that a room cannot read is a matter of configuration: one line that names it, exit 2. */
export function refuseSetting(error: unknown): never {
  if (error instanceof HubError && error.code === 'invalid_request') {
    const path = error.errors[0]?.path ?? 'configuration';
    throw new ConfigError(path, error.message.replace(`${path}: `, ''));
  }
  throw error;
}

/** @throws ConfigError for an address that cannot be listened on. */
export function refuseAddress(error: unknown): never {
  const { code } = error as { code?: unknown };
  if (code === 'EADDRINUSE')
    throw new ConfigError('HUB_PORT', 'another program listens on this port already; stop it or choose another port');
  if (code === 'EACCES')
    throw new ConfigError('HUB_PORT', 'this user may not listen on this port; choose one above 1023');
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    throw new ConfigError('HUB_HOST', 'is not an address of this machine');
  throw error;
}

export function readOrRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return refuseSetting(error);
  }
}
