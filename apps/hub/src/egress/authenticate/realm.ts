import { HubError } from '@inthub/contracts';
import { findHostRule } from '../host-rules.ts';
import type { IntegrationSettings } from '../integration-settings.ts';
import { parseTarget, type Target } from '../policy.ts';

/**
 * May the credential go to this token service? The provider names it, so it counts only when it is on the endpoint's own host (any
 * port: token services stand beside registries), on a declared host, or on the host that the operator wrote into `tokenRealmHost`.
 * @throws HubError `egress_denied` naming the realm's host and how to allow it.
 */
export function checkRealm(realm: string, asking: Target, settings: IntegrationSettings): Target {
  const { url: _url, ...target } = parseTarget(realm, `The token realm that ${asking.host} names`);
  if (target.protocol === 'http:' && (asking.protocol === 'https:' || settings.endpoint.protocol === 'https:')) {
    throw new HubError(
      'egress_denied',
      `${asking.host} names a token realm over plain http (${target.host}); the credential is not sent there.`,
      {
        details: { realmHost: target.host },
      },
    );
  }
  const { hosts, endpoint, tokenRealmHost } = settings;
  const named = tokenRealmHost === undefined ? undefined : findHostRule(tokenRealmHost);
  const allowed =
    hosts.blocked.match(target.hostname, target.port) === undefined &&
    (target.hostname === endpoint.hostname ||
      hosts.allowed.match(target.hostname, target.port, [target.protocol === 'https:' ? 443 : 80]) !== undefined ||
      (named !== undefined &&
        !named.suffix &&
        named.name === target.hostname &&
        (named.port ?? target.port) === target.port));
  if (!allowed) {
    throw new HubError(
      'egress_denied',
      `${asking.host} sends the hub to ${target.host} for a token, which is neither its own host nor a declared one. ` +
        `If this is right, set config.tokenRealmHost to "${target.host}".`,
      { details: { realmHost: target.host, setting: 'config.tokenRealmHost' } },
    );
  }
  return target;
}
