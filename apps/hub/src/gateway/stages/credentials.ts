// Stage 5: which credential goes with this call. It is opened only when egress needs it, and only egress sees it.
import type { AuthMethod } from '@inthub/connector-sdk';
import { type Clock, type CredentialKind, HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { CredentialSource, OpenCredential } from '../../egress/egress.ts';
import type { ResolvedCredential, ResolveRequest } from '../../vault/vault.ts';
import { type CallState, known } from '../call-state.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import { isPromise, type MaybePromise } from '../maybe-promise.ts';
import type { Stage } from './stage.ts';

/** Of one integration, a credential that was refused is read anew this often: each reading is audited. */
const refreshEveryMs = 5_000;

export interface CredentialsDeps {
  readonly resolveCredential: GatewayDeps['resolveCredential'];
  readonly clock: Clock;
}

export function createCredentials({ resolveCredential, clock }: CredentialsDeps): Stage {
  const parts = { resolveCredential, clock, refreshed: new LRUCache<string, number>({ max: 10_000 }) };

  return {
    name: 'credentials',
    run(state) {
      const { integration, view } = known(state);
      const { authMode } = integration.config;
      const [first, ...others] = view.authMethods;
      if (first === undefined) {
        throw new HubError(
          'credential_unavailable',
          `Connector ${view.connectorId} has no authMode "${authMode}"; change config.authMode.`,
        );
      }
      if (first.kind === null) {
        state.auth = first;
        return undefined;
      }
      const { authRef, credentialKind } = integration;
      if (authRef === null) {
        throw new HubError(
          'credential_unavailable',
          `authMode is "${authMode}", but no credential is stored; store one or set authRef.`,
          {
            details: { authMode, kinds: view.authMethods.map(({ kind }) => kind) },
          },
        );
      }
      if (credentialKind === undefined || credentialKind === null) {
        // Behind a reference into a file or a variable the kind shows only when it is opened.
        if (others.length > 0) return chooseByOpening(state, first, first.kind, authRef);
        use(state, first, first.kind, authRef);
        return undefined;
      }
      const method = methodFor(view.authMethods, credentialKind);
      use(state, method, credentialKind, authRef);
      return undefined;
    },
  };

  function use(state: CallState, method: AuthMethod, kind: CredentialKind, authRef: string): StoredCredential {
    const stored = new StoredCredential(parts, state, { method, kind, authRef });
    state.auth = method;
    state.credential = stored;
    return stored;
  }

  async function chooseByOpening(state: CallState, first: AuthMethod, kind: CredentialKind, authRef: string) {
    const stored = use(state, first, kind, authRef);
    const found = (await stored.resolve()).kind;
    stored.method = methodFor(known(state).view.authMethods, found);
    state.auth = stored.method;
  }
}

interface StoredCredentialParts extends CredentialsDeps {
  /** When each integration's credential was read anew last. */
  readonly refreshed: LRUCache<string, number>;
}

/** What the vault keeps, or refers to, for one call. */
class StoredCredential implements CredentialSource {
  method: AuthMethod;
  readonly #parts: StoredCredentialParts;
  readonly #state: CallState;
  readonly #kind: CredentialKind;
  readonly #authRef: string;
  #opened: MaybePromise<ResolvedCredential> | undefined;

  constructor(
    parts: StoredCredentialParts,
    state: CallState,
    { method, kind, authRef }: { method: AuthMethod; kind: CredentialKind; authRef: string },
  ) {
    this.#parts = parts;
    this.#state = state;
    this.method = method;
    this.#kind = kind;
    this.#authRef = authRef;
  }

  open(): MaybePromise<OpenCredential> {
    const opened = this.resolve();
    return isPromise(opened) ? opened.then((resolved) => this.#checked(resolved)) : this.#checked(opened);
  }

  /** Reads the credential again, past what is kept of the refused one; a storm of refusals does not read it more often for that. */
  async renew(refused: string): Promise<OpenCredential> {
    const { clock, refreshed, resolveCredential } = this.#parts;
    const { view } = known(this.#state);
    const now = clock.monotonicMs();
    const isDue = now - (refreshed.get(view.key) ?? Number.NEGATIVE_INFINITY) >= refreshEveryMs;
    if (isDue) refreshed.set(view.key, now);
    const request = this.#request();
    return this.#checked(await resolveCredential(isDue ? { ...request, refused } : request));
  }

  /** A call opens its credential at most once; a failure is not remembered, so that a later attempt may succeed. */
  resolve(): MaybePromise<ResolvedCredential> {
    if (this.#opened !== undefined) return this.#opened;
    const opening = this.#parts.resolveCredential(this.#request());
    this.#opened = isPromise(opening)
      ? opening.catch((error: unknown) => {
          this.#opened = undefined;
          throw error;
        })
      : opening;
    return this.#opened;
  }

  #request(): ResolveRequest {
    const { id, tenantId } = known(this.#state).integration;
    const { principal, requestId } = this.#state.call;
    return { tenantId, integrationId: id, authRef: this.#authRef, kind: this.#kind, principal, requestId };
  }

  #checked(resolved: ResolvedCredential): OpenCredential {
    if (resolved.kind !== this.method.kind) throw wrongKind([this.method], resolved.kind);
    return resolved;
  }
}

function methodFor(methods: readonly AuthMethod[], kind: CredentialKind): AuthMethod {
  const method = methods.find((candidate) => candidate.kind === kind);
  if (method === undefined) throw wrongKind(methods, kind);
  return method;
}

function wrongKind(methods: readonly AuthMethod[], found: CredentialKind): HubError {
  const expected = methods.map(({ kind }) => kind).join(' or ');
  const mode = methods[0]?.mode;
  return new HubError(
    'credential_unavailable',
    `The credential is a ${found}, but authMode "${mode}" needs ${expected}.`,
    {
      details: { found, expected: methods.map(({ kind }) => kind) },
    },
  );
}
