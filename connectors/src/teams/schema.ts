/** The fields that are read. Source: Microsoft Graph v1.0, microsoftgraph/msgraph-sdk-powershell openApiDocs/v1.0/Teams.yml. */
import Type from 'typebox';

const text = Type.String({ maxLength: 200_000 });
const id = Type.String({ minLength: 1, maxLength: 512 });
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

export const Team = Type.Object({ id, displayName: optional(text), webUrl: optional(text) });
export const Me = Type.Object({ id });

export const GraphChannel = Type.Object({
  id,
  displayName: text,
  description: optional(text),
  membershipType: optional(text),
  isArchived: optional(Type.Boolean()),
  createdDateTime: optional(text),
  webUrl: optional(text),
});
export type GraphChannel = Type.Static<typeof GraphChannel>;
export const GraphChannels = Type.Object({
  value: Type.Array(GraphChannel),
  '@odata.nextLink': optional(text),
});

export const Chat = Type.Object({ id });
export const ChatMessage = Type.Object({
  id,
  replyToId: optional(text),
  createdDateTime: optional(text),
  webUrl: optional(text),
  body: optional(Type.Object({ content: optional(text) })),
  from: optional(
    Type.Object({
      user: optional(Type.Object({ id: optional(text) })),
      application: optional(Type.Object({ id: optional(text) })),
    }),
  ),
});
export type ChatMessage = Type.Static<typeof ChatMessage>;

/** An error of a flow. Source: learn.microsoft.com/rest/api/logic, ErrorResponse. */
export const FlowFault = Type.Object({ error: Type.Object({ code: Type.String({ maxLength: 256 }) }) });

export const Subscription = Type.Object({ id });

/** Of change and lifecycle notifications alike (graph/api/resources/changenotification). What is encrypted in it is not read. */
const Notification = Type.Object({
  id: optional(text),
  subscriptionId: optional(Type.String({ maxLength: 128 })),
  subscriptionExpirationDateTime: optional(Type.String({ maxLength: 64 })),
  clientState: optional(Type.String({ maxLength: 256 })),
  tenantId: optional(Type.String({ maxLength: 128 })),
  changeType: optional(Type.String({ maxLength: 64 })),
  lifecycleEvent: optional(Type.String({ maxLength: 64 })),
  resource: optional(Type.String({ maxLength: 4096 })),
  resourceData: optional(
    Type.Object({ '@odata.id': optional(Type.String({ maxLength: 4096 })), '@odata.etag': optional(text) }),
  ),
});
export type Notification = Type.Static<typeof Notification>;
export const Notifications = Type.Object({ value: Type.Array(Notification, { maxItems: 1000 }) });
