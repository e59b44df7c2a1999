import type { Clock } from '@inthub/contracts';
import type { TokenStore } from './authenticate/token-store.ts';
import type { DeadlineWatch } from './deadline.ts';
import type { IntegrationSettings, SettingsScope } from './integration-settings.ts';
import type { EgressPolicy } from './policy.ts';
import type { AnswerStore } from './revalidation.ts';
import type { Sender } from './sender.ts';
import type { TenantRules } from './tenant-rules.ts';

/** Everything that the clients of one egress share. */
export interface EgressCore {
  readonly clock: Clock;
  readonly random: () => number;
  readonly watch: DeadlineWatch;
  readonly sender: Sender;
  readonly tokens: TokenStore;
  readonly answers: AnswerStore;
  readonly userAgent: string;
  rulesOf(tenantId: string): TenantRules | Promise<TenantRules>;
  readSettings(scope: SettingsScope, policy: EgressPolicy): IntegrationSettings;
}
