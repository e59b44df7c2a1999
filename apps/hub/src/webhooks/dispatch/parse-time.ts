import { invalidField } from '@inthub/contracts';

/** @throws HubError `invalid_request` naming `path`. */
export function parseTime(path: string, text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw invalidField(path, 'is not a time; write ISO 8601, 2026-11-21T10:15:30.000Z', 'date-time');
  }
  return time;
}
