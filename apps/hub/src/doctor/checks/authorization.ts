import { actionsOfType, type RequiredPermission } from '@inthub/connector-sdk';
import type { Evidence } from '../evidence.ts';
import type { DoctorCheck, Finding } from '../finding.ts';
import { nextSteps } from '../next-steps.ts';

/** Are the permissions there: the credential's scopes at the product, and the hub's own grant? */
export const authorization: DoctorCheck = {
  type: 'authorization',
  needs: ['authentication'],
  async run(evidence) {
    const expired = expiredGrant(evidence);
    if (expired !== undefined) return expired;
    const result = await evidence.test();
    const granted = scopesIn(result.details);
    const permissions = evidence.connector?.manifest.requiredPermissions ?? [];
    if (!result.success) {
      return {
        status: 'fail',
        message: result.message,
        details: { code: result.details['code'], required: scopesOf(permissions) },
        suggestions: [...nextSteps('provider_forbidden'), ...permissions.map(explain)],
      };
    }
    if (granted === undefined) return untold(permissions);
    return judge(evidence, permissions, new Set(granted));
  },
};

function judge(evidence: Evidence, permissions: readonly RequiredPermission[], granted: ReadonlySet<string>): Finding {
  const absent = permissions.filter(({ scope }) => !granted.has(scope));
  const missing = absent.filter(({ required }) => required);
  const optional = absent.filter(({ required }) => !required);
  const actions = unusable(evidence, granted);
  const details = {
    granted: [...granted],
    required: scopesOf(permissions.filter(({ required }) => required)),
    missing: scopesOf(missing),
    missingOptional: scopesOf(optional),
    unusableActions: actions,
  };
  const suggestions = [...missing, ...optional].map(explain);
  if (missing.length > 0) {
    return { status: 'fail', message: `Missing: ${scopesOf(missing).join(', ')}.`, details, suggestions };
  }
  if (optional.length > 0 || actions.length > 0) {
    const what = [...scopesOf(optional), ...actions].join(', ');
    return {
      status: 'warn',
      message: `Everything that is required is there; not available: ${what}.`,
      details,
      suggestions,
    };
  }
  return { status: 'pass', message: 'Every scope that the connector asks for is granted.', details };
}

/** Actions of the integration's type whose scopes are not granted. */
function unusable({ connector, integration }: Evidence, granted: ReadonlySet<string>): string[] {
  if (connector === undefined) return [];
  return actionsOfType(connector, integration.type)
    .filter(({ requiredScopes = [] }) => requiredScopes.some((scope) => !granted.has(scope)))
    .map(({ id }) => id);
}

function untold(permissions: readonly RequiredPermission[]): Finding {
  const required = scopesOf(permissions.filter((permission) => permission.required));
  const what = required.length === 0 ? '' : ` Required: ${required.join(', ')}.`;
  return {
    status: 'pass',
    message: `The product does not tell which scopes the credential has; nothing was refused.${what}`,
    details: { granted: null, required },
  };
}

/** Every call of an integration whose grant has run out is refused by the hub, whatever the product allows. */
function expiredGrant({ integration, clock }: Evidence): Finding | undefined {
  const expiresAt = integration.grant?.expiresAt ?? null;
  if (expiresAt === null || Date.parse(expiresAt) > clock.now().getTime()) return undefined;
  return {
    status: 'fail',
    message: `The hub's grant for this integration expired at ${expiresAt}, so that the hub refuses its actions.`,
    details: { grantExpiresAt: expiresAt },
    suggestions: ['Review the grant and renew it (PUT /api/v1/connectors/instances/{id}/permissions).'],
  };
}

function scopesIn({ scopes }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (!Array.isArray(scopes)) return undefined;
  return scopes.filter((scope): scope is string => typeof scope === 'string');
}

function scopesOf(permissions: readonly RequiredPermission[]): string[] {
  return permissions.map(({ scope }) => scope);
}

function explain({ scope, required, description, justification }: RequiredPermission): string {
  const demand = required ? 'Grant' : 'To use everything, grant';
  return `${demand} ${scope} at the product: ${description} ${justification}`;
}
