// Stage 5: which credential goes with this call. It is opened only when egress needs it, and only egress sees it.
import type { AuthMethod } from '@inthub/connector-sdk';
import { type Clock, type CredentialKind, HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { OpenCredential } from '../../egress/egress.ts';
import type { ResolvedCredential } from '../../vault/vault.ts';
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
  /** When each integration's credential was read anew last. */
  const refreshed = new LRUCache<string, number>({ max: 10_000 });

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
        if (others.length > 0) return chooseByOpening(state, first.kind, authRef);
        use(state, first, openOnce(state, first.kind, authRef), refresh(state, first.kind, authRef));
        return undefined;
      }
      const method = methodFor(view.authMethods, credentialKind);
      use(state, method, openOnce(state, credentialKind, authRef), refresh(state, credentialKind, authRef));
      return undefined;
    },
  };

  function use(
    state: CallState,
    method: AuthMethod,
    open: () => MaybePromise<ResolvedCredential>,
    renew: (refused: string) => Promise<ResolvedCredential>,
  ): void {
    const checked = (resolved: ResolvedCredential): OpenCredential => {
      if (resolved.kind !== method.kind) throw wrongKind([method], resolved.kind);
      return resolved;
    };
    state.auth = method;
    state.refreshCredential = async (refused) => checked(await renew(refused));
    state.credential = () => {
      const opened = open();
      return isPromise(opened) ? opened.then(checked) : checked(opened);
    };
  }

  async function chooseByOpening(state: CallState, kind: CredentialKind, authRef: string): Promise<void> {
    const open = openOnce(state, kind, authRef);
    const { kind: found } = await open();
    use(state, methodFor(known(state).view.authMethods, found), open, refresh(state, kind, authRef));
  }

  /** Reads the credential again, past what is kept of the refused one; a storm of refusals does not read it more often for that. */
  function refresh(
    state: CallState,
    kind: CredentialKind,
    authRef: string,
  ): (refused: string) => Promise<ResolvedCredential> {
    return async (refused) => {
      const { view, integration } = known(state);
      const { principal, requestId } = state.call;
      const now = clock.monotonicMs();
      const isDue = now - (refreshed.get(view.key) ?? Number.NEGATIVE_INFINITY) >= refreshEveryMs;
      if (isDue) refreshed.set(view.key, now);
      const { id, tenantId } = integration;
      const request = { tenantId, integrationId: id, authRef, kind, principal, requestId };
      return resolveCredential(isDue ? { ...request, refused } : request);
    };
  }

  /** A call opens its credential at most once; a failure is not remembered, so that a later attempt may succeed. */
  function openOnce(state: CallState, kind: CredentialKind, authRef: string): () => MaybePromise<ResolvedCredential> {
    let opened: MaybePromise<ResolvedCredential> | undefined;
    return () => {
      if (opened !== undefined) return opened;
      const { id, tenantId } = known(state).integration;
      const { principal, requestId } = state.call;
      const opening = resolveCredential({ tenantId, integrationId: id, authRef, kind, principal, requestId });
      opened = isPromise(opening)
        ? opening.catch((error: unknown) => {
            opened = undefined;
            throw error;
          })
        : opening;
      return opened;
    };
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
