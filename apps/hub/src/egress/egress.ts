import { randomInt } from 'node:crypto';
import type { HttpClient } from '@inthub/connector-sdk';
import type { Clock } from '@inthub/contracts';
import { createTokenStore } from './authenticate/token-store.ts';
import { createClient } from './client.ts';
import { createDeadlineWatch } from './deadline.ts';
import { createPinnedDns, type Resolve } from './dns.ts';
import { createSettingsReader } from './integration-settings.ts';
import { createPolicy, type PolicyOptions } from './policy.ts';
import { createPools } from './pools.ts';
import { createPoster, type Poster } from './post.ts';
import { createProber, type Prober } from './probe.ts';
import { createAnswerStore } from './revalidation.ts';
import type { EgressLog, EgressScope } from './scope.ts';
import { createSender } from './sender.ts';
import { createTenantRules, type TenantNetwork } from './tenant-rules.ts';

export { parseAllowList } from './allow-list.ts';
export { findAtPointer } from './authenticate/json-pointer.ts';
export { createDeadlineWatch, type DeadlineWatch, type Watched } from './deadline.ts';
export { providerFaultOf } from './from-response.ts';
export type { Post, PostAnswer, Poster } from './post.ts';
export type { CertificateFacts, ProbeReport, ProbeScope, TlsFacts } from './probe.ts';
export { parseRetryAfter } from './retry-after.ts';
export type {
  AttemptStart,
  AttemptTrace,
  CredentialSource,
  EgressAttempt,
  EgressLog,
  EgressScope,
  OpenCredential,
  RateLimitState,
} from './scope.ts';
export type { TenantNetwork } from './tenant-rules.ts';

/** The one door out. */
export interface Egress {
  client(scope: EgressScope): HttpClient;
  /** Connects to an integration's endpoint without a request. */
  readonly probe: Prober['probe'];
  /** Sends an outgoing webhook. */
  readonly post: Poster['post'];
  readonly checkUrl: Poster['checkUrl'];
  /** Number of outside sends and probes attempted since start; stays 0 in offline mode (the proof counter). */
  readonly attempts: number;
  /** Ends every request and connection; what is still in flight fails with `unavailable`. */
  close(): Promise<void>;
}

export interface EgressOptions {
  /** `HUB_EGRESS_ALLOW`, and the ports of this hub, which egress does not call. */
  readonly policy: PolicyOptions;
  readonly clock: Clock;
  readonly log: EgressLog;
  /** `HUB_OFFLINE`: nothing is sent for anybody. Default false. */
  readonly offline?: boolean;
  /** What is set for one tenant, as of now; asked for each request, so it should be at hand. Default: online, no exceptions. */
  readonly network?: (tenantId: string) => TenantNetwork | Promise<TenantNetwork>;
  /** Spreads retries: 0 ≤ n < 1. Default the system's. */
  readonly random?: () => number;
  /** Goes into `User-Agent: inthub/<version>`. Default `dev`. */
  readonly version?: string;
  /** Default the system's resolver. */
  readonly resolve?: Resolve;
}

/** @throws HubError `invalid_request` for an entry of the allow-list that cannot be read. */
export function createEgress(options: EgressOptions): Egress {
  const { clock, log, offline = false, network, random = systemRandom, version = 'dev', resolve } = options;
  const policy = createPolicy(options.policy);
  const dns = createPinnedDns({ clock, ...(resolve === undefined ? {} : { resolve }) });
  const pools = createPools({ dns, clock });
  const watch = createDeadlineWatch(clock);
  const sender = createSender({ pools, clock, watch, log });
  const core = {
    clock,
    random,
    watch,
    sender,
    tokens: createTokenStore(clock),
    answers: createAnswerStore(clock),
    userAgent: `inthub/${version}`,
    rulesOf: createTenantRules({ policy, offline, ...(network === undefined ? {} : { network }) }),
    readSettings: createSettingsReader(),
  };
  const prober = createProber({ ...core, dns });
  const poster = createPoster({ ...core, pools });
  return {
    client: (scope) => createClient(core, scope),
    probe: prober.probe,
    post: poster.post,
    checkUrl: poster.checkUrl,
    get attempts() {
      return sender.attempts + prober.attempts + poster.attempts;
    },
    async close() {
      prober.close();
      await pools.close();
      watch.close();
    },
  };
}

const steps = 2 ** 31;
const systemRandom = (): number => randomInt(steps) / steps;
