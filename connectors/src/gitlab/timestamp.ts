import { toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';

/** A date that GitLab always gives. @throws HubError `provider_bad_response` */
export function timestamp(text: string | null | undefined): string {
  const found = toTimestamp(text);
  if (found !== null) return found;
  throw new HubError('provider_bad_response', 'GitLab left out a date, or gave one that is none.');
}
