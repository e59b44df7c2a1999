import type { IntegrationConfig } from '@inthub/contracts';
import { HubError } from '@inthub/contracts';
import { type RequestHeaders, readCustomHeaders } from './headers.ts';
import { createHostRules } from './host-rules.ts';
import { type EgressPolicy, type HostPolicy, parseTarget, type Target } from './policy.ts';
import type { EgressScope } from './scope.ts';
import { type PrivateAuthority, parseAuthority } from './tls.ts';

/** What egress reads out of an integration's config and grant, once. */
export interface IntegrationSettings {
  /** Already judged: not blocked, and no literal address that may not be reached. */
  readonly endpoint: Target;
  /** The whole of it, for login requests that name a field of it. */
  readonly config: IntegrationConfig;
  /** Path of the endpoint without the slash at its end; '' for the root. */
  readonly basePath: string;
  readonly hosts: HostPolicy;
  readonly customHeaders: Readonly<RequestHeaders>;
  readonly authority: PrivateAuthority | undefined;
  readonly proxy: Target | undefined;
  /** `host` or `host:port` that a registry's token service may have (config field of the OCI connectors). */
  readonly tokenRealmHost: string | undefined;
}

/** The part of a scope that settings are read from. */
export type SettingsScope = Pick<EgressScope, 'config' | 'allowedHosts' | 'blockedHosts'>;

interface Remembered extends IntegrationSettings {
  readonly policy: EgressPolicy;
  readonly allowedHosts: readonly string[];
  readonly blockedHosts: readonly string[];
}

/** Keeps the settings of a config object for as long as the object lives: parsing URLs and PEM for each call would show. */
export function createSettingsReader(): (scope: SettingsScope, policy: EgressPolicy) => IntegrationSettings {
  const remembered = new WeakMap<IntegrationConfig, Remembered>();
  return ({ config, allowedHosts, blockedHosts }, policy) => {
    const known = remembered.get(config);
    if (
      known !== undefined &&
      known.policy === policy &&
      known.allowedHosts === allowedHosts &&
      known.blockedHosts === blockedHosts
    ) {
      return known;
    }
    const settings = { ...(known ?? readConfig(config)), allowedHosts, blockedHosts, policy };
    const hosts = {
      endpoint: settings.endpoint,
      allowed: createHostRules(allowedHosts),
      blocked: createHostRules(blockedHosts),
    };
    policy.checkTarget(settings.endpoint, hosts);
    const next = { ...settings, hosts };
    remembered.set(config, next);
    return next;
  };
}

/** @throws HubError that names the field of config. */
function readConfig(config: IntegrationConfig): Omit<IntegrationSettings, 'hosts'> {
  const { url, ...endpoint } = parseTarget(config.endpoint, 'config.endpoint');
  const { caCertificate, proxyUrl } = config.network ?? {};
  const realmHost = config['tokenRealmHost'];
  return {
    endpoint,
    config,
    basePath: url.pathname.replace(/\/+$/, ''),
    customHeaders: readCustomHeaders(config.customHeaders),
    authority: caCertificate === undefined || caCertificate.trim() === '' ? undefined : parseAuthority(caCertificate),
    proxy: proxyUrl === undefined || proxyUrl === '' ? undefined : readProxy(proxyUrl),
    tokenRealmHost: typeof realmHost === 'string' && realmHost !== '' ? realmHost : undefined,
  };
}

function readProxy(proxyUrl: string): Target {
  const { url, ...proxy } = parseTarget(proxyUrl, 'config.network.proxyUrl');
  if (url.pathname !== '/' || url.search !== '') {
    throw new HubError(
      'egress_denied',
      'config.network.proxyUrl is the address of a proxy: scheme, host and port only.',
    );
  }
  return proxy;
}
