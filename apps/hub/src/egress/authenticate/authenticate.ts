import type { AuthScheme } from '@inthub/connector-sdk';
import type { Authenticator } from './authorization.ts';
import { createBasic } from './basic.ts';
import { createBearer } from './bearer.ts';
import { createHeader } from './header.ts';
import { mtls } from './mtls.ts';
import { none } from './none.ts';
import { createRegistryChallenge } from './registry-challenge.ts';
import { createSecretUrl } from './secret-url.ts';
import { createSignedJwt } from './signed-jwt.ts';
import { createTokenExchange } from './token-exchange.ts';

const made = new WeakMap<AuthScheme, Authenticator>();

/** The authenticator of a scheme; made once for each scheme object of a manifest. */
export function authenticatorFor(scheme: AuthScheme): Authenticator {
  let authenticator = made.get(scheme);
  if (authenticator === undefined) {
    authenticator = create(scheme);
    made.set(scheme, authenticator);
  }
  return authenticator;
}

function create(scheme: AuthScheme): Authenticator {
  switch (scheme.scheme) {
    case 'none':
      return none;
    case 'bearer':
      return createBearer(scheme);
    case 'basic':
      return createBasic(scheme);
    case 'header':
      return createHeader(scheme);
    case 'secret-url':
      return createSecretUrl(scheme);
    case 'mtls':
      return mtls;
    case 'registry-challenge':
      return createRegistryChallenge(scheme);
    case 'token-exchange':
      return createTokenExchange(scheme);
    case 'signed-jwt':
      return createSignedJwt(scheme);
  }
}
