import type { InboundQuery } from '@inthub/connector-sdk';

/** Longer than any token that products put there; a sender who is not proved yet gets nothing longer parsed. */
const maxLength = 4_096;

const none: InboundQuery = { get: () => undefined };

/** The text behind `?` as a connector sees it. It is read when it is first asked for, which most products never do. */
export function readQuery(text: string): InboundQuery {
  if (text === '' || text.length > maxLength) return none;
  let parameters: URLSearchParams | undefined;
  return {
    get(name) {
      parameters ??= new URLSearchParams(text);
      return parameters.get(name) ?? undefined;
    },
  };
}
