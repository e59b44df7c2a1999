import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import type { Redactor } from './redaction.ts';

export interface LoggerOptions {
  readonly level: string;
  readonly redactor: Redactor;
  /** Default standard output. */
  readonly destination?: DestinationStream;
}

/** Structured JSON lines with UTC timestamps. Fields lose their secrets by name and value; the finished line loses known values again. */
export function createLogger({ level, redactor, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: {},
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => {
          const { err, ...rest } = fields as { err?: unknown };
          const known = err instanceof Error ? { ...rest, err: stdSerializers.err(err) } : fields;
          return redactor.redact(known) as Record<string, unknown>;
        },
      },
      hooks: { streamWrite: (line) => redactor.redactText(line) },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
