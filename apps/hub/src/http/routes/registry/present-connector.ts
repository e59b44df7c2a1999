import { actionsOfType } from '@inthub/connector-sdk';
import Type, { type Static } from 'typebox';
import type { LoadedConnector } from '../../../runtime/runtime.ts';

export const ConnectorDetails = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  category: Type.String(),
  vendor: Type.String(),
  latestVersion: Type.String(),
  icon: Type.String(),
  documentationUrl: Type.String(),
  supportUrl: Type.String(),
  privacyPolicyUrl: Type.String(),
  tags: Type.Array(Type.String()),
  isFirstParty: Type.Boolean(),
  types: Type.Array(Type.String()),
  capabilities: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      description: Type.String(),
      requiredScopes: Type.Array(Type.String()),
    }),
  ),
  requiredPermissions: Type.Array(
    Type.Object({
      scope: Type.String(),
      description: Type.String(),
      required: Type.Boolean(),
      justification: Type.String(),
    }),
  ),
});

/** One action with its schemas, as a form or a tool needs it. */
export const ActionDetails = Type.Object({
  id: Type.String(),
  title: Type.String(),
  description: Type.String(),
  capability: Type.String(),
  safe: Type.Boolean(),
  sensitive: Type.Boolean({ description: 'Deals in secrets: runs only where a grant names its capability.' }),
  weight: Type.Integer(),
  streams: Type.Boolean(),
  types: Type.Array(Type.String()),
  input: Type.Record(Type.String(), Type.Unknown()),
  output: Type.Record(Type.String(), Type.Unknown()),
});

export function presentConnector(connector: LoadedConnector): Static<typeof ConnectorDetails> {
  const { manifest, actions } = connector.definition;
  const capabilities = new Map<string, { id: string; name: string; description: string; requiredScopes: string[] }>();
  for (const action of actions.values()) {
    const id = action.capability ?? action.id;
    const known = capabilities.get(id);
    if (known === undefined) {
      capabilities.set(id, {
        id,
        name: action.title,
        description: action.description,
        requiredScopes: [...(action.requiredScopes ?? [])],
      });
    } else {
      known.requiredScopes = [...new Set([...known.requiredScopes, ...(action.requiredScopes ?? [])])];
    }
  }
  const { icon, name, description, category, vendor, documentationUrl, supportUrl, privacyPolicyUrl, tags } =
    manifest.metadata;
  return {
    id: manifest.id,
    name,
    description,
    category,
    vendor,
    latestVersion: manifest.version,
    icon,
    documentationUrl,
    supportUrl,
    privacyPolicyUrl,
    tags: [...tags],
    isFirstParty: connector.origin === 'built-in',
    types: manifest.types.map((type) => type.id),
    capabilities: [...capabilities.values()],
    requiredPermissions: manifest.requiredPermissions.map((permission) => ({ ...permission })),
  };
}

export function presentActions(connector: LoadedConnector): Static<typeof ActionDetails>[] {
  const { manifest, actions } = connector.definition;
  return [...actions.values()].map((action) => ({
    id: action.id,
    title: action.title,
    description: action.description,
    capability: action.capability ?? action.id,
    safe: action.safe,
    sensitive: action.sensitive ?? false,
    weight: action.weight ?? 1,
    streams: action.stream !== undefined,
    types: manifest.types
      .filter((type) => actionsOfType(connector.definition, type.id).includes(action))
      .map((type) => type.id),
    input: { ...action.input },
    output: { ...action.output },
  }));
}
