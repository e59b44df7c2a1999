import { HubError, invalidField } from '@inthub/contracts';
import { parseAllowList } from '../egress/egress.ts';

const maxEntries = 100;

/**
 * A tenant's egress exceptions as they will be stored: trimmed, each once, each readable by egress.
 * @throws HubError `invalid_request` naming the entry.
 */
export function readEgressExceptions(path: string, entries: readonly string[]): readonly string[] {
  if (entries.length > maxEntries) throw invalidField(path, `Must have at most ${maxEntries} entries.`, 'maxItems');
  const read = entries.map((entry, index) => {
    const text = entry.trim();
    const at = `${path}/${index}`;
    try {
      parseAllowList([text], at);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      const message = error.message.slice(at.length + 2);
      throw invalidField(at, message, 'egress_allow');
    }
    return text;
  });
  return [...new Set(read)];
}
