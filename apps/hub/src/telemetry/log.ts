/**
 * The part of pino's logger that rooms use: fields first, then a fixed message. Fields are redacted by the logger that app builds;
 * still, nothing secret is ever put into them.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
