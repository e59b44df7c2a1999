import { createHmac } from 'node:crypto';

/**
 * What Graph repeats in each notification (`clientState`, up to 128 characters). Made of the endpoint's secret and not the secret itself:
 * that one is in the address, and bodies are kept, so neither must give the other away. HMAC-SHA256 of `clientState` under the secret, hex.
 */
export function clientStateOf(secret: string): string {
  return createHmac('sha256', secret).update('clientState').digest('hex');
}
