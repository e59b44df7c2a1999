import type { ConnectorLog } from '@inthub/connector-sdk';
import type { Log } from '../telemetry/telemetry.ts';

/** Lines that one invocation may write; a loop in a connector must not fill the disk. */
const maxLines = 200;
const maxMessage = 500;
const maxFields = 4_096;

export interface ConnectorLogOptions {
  readonly log: Log;
  /** Takes secrets out of fields. */
  redact(fields: Readonly<Record<string, unknown>>): unknown;
  /** Which connector, integration and request is talking; on every line. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** The log of one invocation: redacted, bounded, and marked with where it comes from. The connector's text is a field, never the message. */
export function createConnectorLog({ log, redact, source }: ConnectorLogOptions): ConnectorLog {
  let lines = 0;
  const write = (level: 'debug' | 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    lines += 1;
    if (lines > maxLines + 1) return;
    if (lines > maxLines) {
      log.warn({ ...source, maxLines }, 'connector writes too much; the rest of this call is not logged');
      return;
    }
    log[level]({ ...source, text: String(message).slice(0, maxMessage), fields: bounded(redact, fields) }, 'connector');
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
  };
}

/** Fields as plain data; what cannot be shown (a cycle, a throwing getter, too much) is named instead. */
function bounded(redact: ConnectorLogOptions['redact'], fields: Readonly<Record<string, unknown>>): unknown {
  try {
    const safe = redact(fields);
    const text = JSON.stringify(safe) ?? '{}';
    return text.length > maxFields ? { omitted: `fields of ${text.length} characters` } : safe;
  } catch {
    return { omitted: 'fields that cannot be written as JSON' };
  }
}
