// Does an answer say that the credential has expired? By the product's own signs, or by 401 (RFC 9110 §15.5.2).
import type { AuthMethod, ExpirySign } from '@inthub/connector-sdk';
import { findAtPointer } from './authenticate/json-pointer.ts';
import type { Answer } from './exchange.ts';
import { headerText } from './headers.ts';
import type { CredentialSource, EgressScope, OpenCredential } from './scope.ts';

export function hasExpired({ expired }: Pick<AuthMethod, 'expired'>, answer: Answer): boolean {
  if (expired === undefined) return answer.status === 401;
  let document: { readonly value: unknown } | undefined;
  return expired.some((sign) => {
    if (sign.status !== answer.status || !fitsHeader(sign, answer)) return false;
    if (sign.body === undefined) return true;
    document ??= { value: readBody(answer) };
    const { at, oneOf } = sign.body;
    return oneOf.includes(findAtPointer(document.value, at) as string);
  });
}

function fitsHeader({ header }: ExpirySign, { headers }: Answer): boolean {
  if (header === undefined) return true;
  const value = headerText(headers, header.name.toLowerCase());
  return value?.toLowerCase().includes(header.includes.toLowerCase()) === true;
}

/** Undefined for what is no JSON, was cut off, or is streamed. */
function readBody({ body }: Answer): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined; // Not the sign that was looked for; what the answer is otherwise, the mapper says.
  }
}

/** The credential of one request: opened when it is first needed, and got anew at most once. */
export interface CredentialUse {
  open(): OpenCredential | Promise<OpenCredential> | undefined;
  /** True when there is another one now. */
  refresh(): Promise<boolean>;
}

export function createCredentialUse({ credential }: EgressScope): CredentialUse {
  return new OneCredential(credential);
}

class OneCredential implements CredentialUse {
  readonly #source: CredentialSource | undefined;
  #opening: ReturnType<CredentialUse['open']>;
  #refreshed = false;

  constructor(source: CredentialSource | undefined) {
    this.#source = source;
  }

  open(): ReturnType<CredentialUse['open']> {
    this.#opening ??= this.#source?.open();
    return this.#opening;
  }

  async refresh(): Promise<boolean> {
    if (this.#refreshed || this.#source?.renew === undefined || this.#opening === undefined) return false;
    this.#refreshed = true;
    const { fingerprint } = await this.#opening;
    const next = await this.#source.renew(fingerprint);
    if (next.fingerprint === fingerprint) return false;
    this.#opening = next;
    return true;
  }
}
