// The request of a token exchange: templates filled from the credential and from the integration's config.
import type { AuthScheme } from '@inthub/connector-sdk';
import { type CredentialMaterial, HubError } from '@inthub/contracts';
import { isHeaderValue } from '../headers.ts';
import type { IntegrationSettings } from '../integration-settings.ts';
import { parseTemplate } from './template.ts';

type Scheme = Extract<AuthScheme, { scheme: 'token-exchange' }>;

/** `{config.role}` or `{config.role|reader}`. */
const configField = /\{config\.([A-Za-z][A-Za-z0-9]*)(?:\|([^}]*))?\}/g;

export interface LoginRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a login depends on beside the credential; two logins with the same text bring the same token. */
export function loginTarget(scheme: Scheme, settings: IntegrationSettings): string {
  const { json, form, headers } = scheme;
  const fill = (texts: Readonly<Record<string, string>> = {}) =>
    Object.entries(texts).map(([name, text]) => [name, fillConfig(text, settings)]);
  return JSON.stringify([loginUrl(scheme, settings).href, fill(json), fill(form), fill(headers)]);
}

/** @throws HubError `credential_unavailable` when the credential lacks a field, `egress_denied` when the config spoils the address. */
export function loginRequest(
  scheme: Scheme,
  settings: IntegrationSettings,
  material: CredentialMaterial,
): LoginRequest {
  const fields = fillAll(scheme.json ?? scheme.form ?? {}, settings, (text) => parseTemplate(text).fill(material));
  const isForm = scheme.form !== undefined;
  const own = fillAll(scheme.headers ?? {}, settings, (text) => text);
  for (const [name, value] of Object.entries(own)) {
    if (!isHeaderValue(value))
      throw new HubError('egress_denied', `The config holds a character that cannot stand in the header ${name}.`);
  }
  return {
    url: loginUrl(scheme, settings),
    headers: { ...own, 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
    body: isForm ? new URLSearchParams(fields).toString() : JSON.stringify(fields),
  };
}

function loginUrl({ url }: Scheme, settings: IntegrationSettings): URL {
  const path = fillConfig(url, settings, (value) => value.split('/').map(encodeURIComponent).join('/')) ?? url;
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(path))
    throw new HubError('egress_denied', 'The config puts "." or ".." into the address of the login.');
  return new URL(path.startsWith('/') ? `${settings.endpoint.origin}${settings.basePath}${path}` : path);
}

function fillAll(
  texts: Readonly<Record<string, string>>,
  settings: IntegrationSettings,
  fillRest: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => {
      // The credential first: what an operator wrote into the config must not be read as a template.
      const isConfig = text.startsWith('{config.');
      const filled = isConfig ? fillConfig(text, settings) : fillRest(text);
      return filled === undefined ? [] : [[name, filled]];
    }),
  );
}

/** Undefined when a field without a default is not set. */
function fillConfig(
  text: string,
  { config }: IntegrationSettings,
  encode: (value: string) => string = (value) => value,
): string | undefined {
  let isMissing = false;
  const filled = text.replace(configField, (_all, name: string, fallback: string | undefined) => {
    const value = Object.hasOwn(config, name) ? (config as Readonly<Record<string, unknown>>)[name] : undefined;
    if (typeof value === 'string' && value !== '') return encode(value);
    if (fallback === undefined) isMissing = true;
    return fallback ?? '';
  });
  return isMissing ? undefined : filled;
}
