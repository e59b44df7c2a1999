import { HubError } from '@inthub/contracts';
import { ConfigError } from './config.ts';

/** Why the hub did not start, for a terminal: the public message and the system's reason behind it, a stack only for what nobody foresaw. */
export function describeFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof HubError) {
    const reason = systemReason(error.cause);
    const where =
      error.code === 'unavailable' && reason !== null ? ' Check DATABASE_URL and that the server runs.' : '';
    return reason === null ? error.message : `${error.message} (${reason})${where}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** `connect ECONNREFUSED 127.0.0.1:5432`, `password authentication failed …`; never a connection string. */
function systemReason(cause: unknown): string | null {
  if (cause instanceof AggregateError) return systemReason(cause.errors[0]);
  if (!(cause instanceof Error)) return null;
  return cause.cause instanceof Error ? systemReason(cause.cause) : cause.message.split('\n')[0]?.slice(0, 300) || null;
}
