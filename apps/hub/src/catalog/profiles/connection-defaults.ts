import { type ConnectionDefaults, type IntegrationConfig, invalidField, type TenantId } from '@inthub/contracts';
import type { CatalogContext } from '../catalog-context.ts';
import type { CatalogType } from '../catalog-types.ts';
import { suggest } from '../near-matches.ts';
import { findDefaultProfile, findLastUsed } from './profile-repository.ts';

type Source = ConnectionDefaults['sources'][string];
type Layer = readonly [Source, Readonly<Record<string, unknown>>];

/**
 * What a wizard starts from, field by field, the later layer winning: the type itself (its endpoint, its best way to authenticate) <
 * the template that was chosen < the tenant's default profile < endpoint, auth mode and network settings of what the tenant
 * installed last. Never a credential, nor a reference to one.
 */
export async function connectionDefaults(
  ctx: CatalogContext,
  tenantId: TenantId,
  typeId: string,
  templateName: string | undefined,
): Promise<ConnectionDefaults> {
  const type = ctx.types.require(typeId);
  const template = templateName === undefined ? {} : templateConfig(type, templateName);
  const [profile, last] = await ctx.database.tenant(tenantId, (tx) =>
    Promise.all([findDefaultProfile(tx, type.id), findLastUsed(tx, type.id)]),
  );
  const layers: readonly Layer[] = [
    ['type', ownConfig(type)],
    ['template', template],
    ['profile', profile?.defaultConfig ?? {}],
    ['last_used', last === undefined ? {} : connectionPart(type, last.config)],
  ];
  const config: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  for (const [source, values] of layers) {
    for (const [field, value] of Object.entries(values)) {
      config[field] = value;
      sources[field] = source;
    }
  }
  return {
    type: type.id,
    config,
    sources,
    profile:
      profile === undefined ? null : { id: profile.id, name: profile.name, hasCredential: profile.authRef !== null },
    lastUsed: last === undefined ? null : { integrationId: last.id, name: last.name, at: last.createdAt.toISOString() },
    templates: (type.manifest.templates ?? []).map((each) => ({ ...each, config: { ...each.config } })),
  };
}

function ownConfig({ manifest, auth }: CatalogType): Record<string, unknown> {
  const [best] = auth;
  return {
    ...(manifest.defaultEndpoint === null ? {} : { endpoint: manifest.defaultEndpoint }),
    ...(best === undefined ? {} : { authMode: best.mode }),
  };
}

function templateConfig({ id, manifest }: CatalogType, name: string): Readonly<Record<string, unknown>> {
  const templates = manifest.templates ?? [];
  const template = templates.find((candidate) => candidate.name === name);
  if (template !== undefined) return template.config;
  const names = templates.map((candidate) => candidate.name);
  const hint = names.length === 0 ? 'it has none' : suggest(name, names);
  throw invalidField('/template', `is no template of ${id}; ${hint}`, 'template');
}

/** The part of a config that says where the product is and how to get there. A mode that the connector has given up is left out. */
function connectionPart(
  { auth }: CatalogType,
  { endpoint, authMode, network }: IntegrationConfig,
): Record<string, unknown> {
  return {
    endpoint,
    ...(auth.some(({ mode }) => mode === authMode) ? { authMode } : {}),
    ...(network === undefined ? {} : { network }),
  };
}
