import { invalidField } from '@inthub/contracts';

/**
 * A name or address as it will be stored: trimmed, bounded, one line.
 * @throws HubError `invalid_request` naming the field.
 */
export function readTextField(path: string, value: string, maxLength: number): string {
  const text = value.trim();
  if (text === '' || text.length > maxLength) {
    throw invalidField(path, `Must have 1 to ${maxLength} characters.`, 'length');
  }
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) {
    throw invalidField(path, 'Must not have control characters or broken Unicode.', 'text');
  }
  return text;
}
