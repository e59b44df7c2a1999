import { type Authenticator, noAuthorization } from './authorization.ts';

export const none: Authenticator = { authorize: () => noAuthorization };
