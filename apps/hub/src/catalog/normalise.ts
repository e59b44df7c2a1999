/** Fields of an integration in the one form in which they are stored. Each throws `invalid_request` naming the field. */
import { type Integration, invalidField } from '@inthub/contracts';

const limits = {
  name: 128,
  description: 2_000,
  environment: 64,
  ownerId: 256,
  tags: 50,
  tag: 64,
  pauseReason: 1_000,
  pauseTicket: 256,
} as const;

/** Trimmed and in Unicode normal form C, so that two names that look the same are the same. */
export function normaliseName(name: string, path = '/name'): string {
  const text = name.normalize('NFC').trim();
  if (text === '') throw invalidField(path, 'is empty; give it a name', 'required');
  refuseLong(path, text, limits.name);
  if (/\p{Cc}/u.test(text)) throw invalidField(path, 'has a control character (a line break, a tab, …)', 'pattern');
  return text;
}

export function normaliseDescription(text: string | null | undefined): string | null {
  return optionalText('/description', text, limits.description);
}

export function normaliseEnvironment(text: string | null | undefined): string | null {
  return optionalText('/environment', text, limits.environment);
}

export function normaliseOwner(text: string | null | undefined): string | null {
  return optionalText('/ownerId', text, limits.ownerId);
}

export function normalisePause(options: { reason: string; ticket?: string }): {
  reason: string;
  ticket: string | null;
} {
  const reason = optionalText('/reason', options.reason, limits.pauseReason);
  if (reason === null)
    throw invalidField('/reason', 'is required: whoever finds the integration paused needs to know why', 'required');
  return { reason, ticket: optionalText('/ticket', options.ticket, limits.pauseTicket) };
}

/** Trimmed, without duplicates, in the order given. */
export function normaliseTags(tags: readonly string[]): string[] {
  if (tags.length > limits.tags)
    throw invalidField('/tags', `has ${tags.length} tags; at most ${limits.tags} fit`, 'maxItems');
  const clean = tags.map((tag, index) => {
    const text = optionalText(`/tags/${index}`, tag, limits.tag);
    if (text === null) throw invalidField(`/tags/${index}`, 'is empty', 'minLength');
    return text;
  });
  return [...new Set(clean)];
}

export function normaliseFeatures(
  features: Partial<Integration['features']> = {},
  base?: Integration['features'],
): Integration['features'] {
  return {
    syncEnabled: features.syncEnabled ?? base?.syncEnabled ?? false,
    webhooksEnabled: features.webhooksEnabled ?? base?.webhooksEnabled ?? true,
    streamingEnabled: features.streamingEnabled ?? base?.streamingEnabled ?? true,
  };
}

/** Lower-case host, no default port, no trailing slash; what a base URL cannot carry is refused, not dropped. */
export function normaliseEndpoint(endpoint: string, path: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalidField(path, 'is not an http or https URL', 'format');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidField(path, 'holds a user name or password; send it as credentials, or give an authRef', 'no_secret');
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalidField(path, 'is a base URL: remove the part from "?" or "#" on', 'format');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function optionalText(path: string, given: string | null | undefined, maxLength: number): string | null {
  const text = given?.normalize('NFC').trim() ?? '';
  if (text === '') return null;
  refuseLong(path, text, maxLength);
  if (text.includes('\u0000') || !text.isWellFormed()) throw invalidField(path, 'is not valid text', 'text');
  return text;
}

function refuseLong(path: string, text: string, maxLength: number): void {
  // As PostgreSQL counts: characters, not UTF-16 units.
  const length = [...text].length;
  if (length > maxLength) throw invalidField(path, `has ${length} characters; at most ${maxLength} fit`, 'maxLength');
}
