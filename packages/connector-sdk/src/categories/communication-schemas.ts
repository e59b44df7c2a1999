/** The shapes that every communication connector shares (source: ICommunicationAdapter, MessageInput and MessageBlock of the connector interface). */
import { NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';
import { closed, nullable, pageInput, pageOutput } from './fields.ts';

/** Beyond what any product shows in one message; products have tighter limits of their own. */
const maxTextLength = 40_000;

const Id = (title: string, description: string) =>
  Type.String({ minLength: 1, maxLength: 512, pattern: '^[^\\s\\x00-\\x1f\\x7f]+$', title, description });
const ChannelId = Id('Channel', 'Id of the channel as channel.list gives it.');
const MessageId = Id('Message', 'Id of the message as sending it gave it.');
const ThreadId = Id('Thread', 'Id of the message that starts the thread.');
const UserId = Id('User', "The product's id of the user.");
const Text = Type.String({ minLength: 1, maxLength: maxTextLength, title: 'Text' });

export const Channel = Type.Object({
  id: Type.String({ description: 'Usable as `channelId` of the other actions.' }),
  name: Type.String(),
  description: nullable(Type.String()),
  isPrivate: nullable(Type.Boolean()),
  isArchived: nullable(Type.Boolean()),
  /** Null where the list does not tell it. */
  memberCount: nullable(Type.Integer({ minimum: 0 })),
  createdAt: NullableTimestamp,
  url: nullable(Type.String()),
});
export type Channel = Type.Static<typeof Channel>;

export const ChannelListInput = Type.Object(
  {
    includeArchived: Type.Optional(Type.Boolean({ default: false, description: 'Archived channels too.' })),
    ...pageInput,
  },
  closed,
);
export const ChannelListOutput = pageOutput(Channel);

export const ChannelGetInput = Type.Object({ channelId: ChannelId }, closed);
export const ChannelDetail = Type.Object({
  ...Channel.properties,
  topic: nullable(Type.String()),
  isMember: nullable(Type.Boolean({ description: 'Whether the credential belongs to the channel.' })),
});
export type ChannelDetail = Type.Static<typeof ChannelDetail>;

const CodeBlock = Type.Object(
  {
    language: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9+#._-]*$', description: 'Empty where there is none.' }),
    code: Type.String({ minLength: 1, maxLength: maxTextLength }),
  },
  closed,
);
const Attachment = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    url: Type.String({ format: 'uri', pattern: '^https?://', maxLength: 2048 }),
    mimeType: Type.String({ maxLength: 255, pattern: '^[\\w.+-]+/[\\w.+-]+$' }),
  },
  closed,
);

const messageInput = {
  text: Text,
  markdown: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Text is Markdown (CommonMark). Otherwise every character is shown as it is.',
    }),
  ),
  codeBlocks: Type.Optional(Type.Array(CodeBlock, { maxItems: 10, description: 'Shown below the text.' })),
  attachments: Type.Optional(Type.Array(Attachment, { maxItems: 10, description: 'Links, shown below the text.' })),
};
export interface MessageInput {
  readonly text: string;
  readonly markdown?: boolean;
  readonly codeBlocks?: readonly { readonly language: string; readonly code: string }[];
  readonly attachments?: readonly { readonly name: string; readonly url: string; readonly mimeType: string }[];
}

export const MessageSendInput = Type.Object(
  { channelId: ChannelId, ...messageInput, threadId: Type.Optional(ThreadId) },
  closed,
);
export const MessageUpdateInput = Type.Object(
  { channelId: ChannelId, messageId: MessageId, content: Text, markdown: messageInput.markdown },
  closed,
);
export const MessageDeleteInput = Type.Object({ channelId: ChannelId, messageId: MessageId }, closed);
export const MessageDeleteOutput = Type.Object({
  channelId: Type.String(),
  messageId: Type.String(),
  deleted: Type.Literal(true),
});
export const ThreadReplyInput = Type.Object({ channelId: ChannelId, threadId: ThreadId, ...messageInput }, closed);
export const MessageDirectInput = Type.Object({ userId: UserId, ...messageInput }, closed);

const content = Type.String({ minLength: 1, maxLength: maxTextLength });
const field = Type.Object(
  { label: Type.String({ minLength: 1, maxLength: 255 }), value: Type.String({ maxLength: 2000 }) },
  closed,
);
const button = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 75 }),
    actionId: Type.String({ minLength: 1, maxLength: 255, description: 'Comes back when the button is pressed.' }),
    style: Type.Optional(Type.Enum(['primary', 'danger'])),
  },
  closed,
);

/** One part of a rich message; which fields go with which type is in the schema, so a mistake is named before anything is sent. */
export const MessageBlock = Type.Union(
  [
    Type.Object(
      {
        type: Type.Literal('section'),
        content: Type.Optional({ ...content, description: 'Markdown.' }),
        fields: Type.Optional(Type.Array(field, { minItems: 1, maxItems: 10 })),
      },
      { ...closed, anyOf: [{ required: ['content'] }, { required: ['fields'] }] },
    ),
    Type.Object({ type: Type.Literal('divider') }, closed),
    Type.Object({ type: Type.Literal('code'), content: { ...content, description: 'Shown as it is.' } }, closed),
    Type.Object({ type: Type.Literal('actions'), actions: Type.Array(button, { minItems: 1, maxItems: 6 }) }, closed),
    Type.Object(
      { type: Type.Literal('context'), content: { ...content, description: 'Small print; plain text.' } },
      closed,
    ),
  ],
  { title: 'Block' },
);
export type MessageBlock = Type.Static<typeof MessageBlock>;

export const MessageRichInput = Type.Object(
  {
    channelId: ChannelId,
    blocks: Type.Array(MessageBlock, { minItems: 1, maxItems: 40 }),
    text: Type.Optional({
      ...Text,
      description: 'What notifications and screen readers say; default the text of the blocks.',
    }),
    threadId: Type.Optional(ThreadId),
  },
  closed,
);

export const Message = Type.Object({
  id: Type.String({
    description: 'Usable as `messageId` together with `channelId`, and as `threadId` to reply to it.',
  }),
  channelId: Type.String(),
  threadId: nullable(Type.String({ description: 'Null for a message that is in no thread.' })),
  text: nullable(Type.String({ description: 'As the product gives it back; null where it does not.' })),
  author: nullable(Type.String({ description: "The product's id of who sent it." })),
  createdAt: NullableTimestamp,
  url: nullable(Type.String()),
});
export type Message = Type.Static<typeof Message>;
