import { actionsOfType, type ConnectorDefinition } from '@inthub/connector-sdk';

/** Permission to list what the product holds; declared by every connector that can discover anything. */
export const discoverCapability = 'resource.discover';

/** Permission to make (and keep alive) and to remove webhooks at the product; declared where one of its webhooks can be registered. */
export const webhookCapabilities = {
  register: 'webhook.register',
  renew: 'webhook.register',
  deregister: 'webhook.remove',
} as const;

/** What an integration of this type can be allowed to do (RUN-5), in the order in which the connector declares it. */
export function declaredCapabilities(connector: ConnectorDefinition, typeId: string): readonly string[] {
  const declared = new Set(actionsOfType(connector, typeId).map((action) => action.capability ?? action.id));
  if (Object.keys(connector.discover).length > 0) declared.add(discoverCapability);
  const webhooks = connector.webhooks?.filter(({ types }) => types?.includes(typeId) ?? true) ?? [];
  if (webhooks.some(({ registration }) => registration !== undefined))
    for (const capability of Object.values(webhookCapabilities)) declared.add(capability);
  return [...declared];
}
