import { type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';
import { workflowType } from './workflow.ts';

const graphTypes = ['chat.teams'];

export const manifest: ConnectorManifest = {
  id: 'teams',
  version: '1.0.0',
  metadata: {
    name: 'Microsoft Teams',
    description: 'Channels, messages, replies and chats of a team in Microsoft Teams, through Microsoft Graph.',
    icon: letterIcon('T', '#4b53bc'),
    category: 'communication',
    vendor: 'Microsoft',
    documentationUrl: 'https://learn.microsoft.com/graph/teams-concept-overview',
    supportUrl: 'https://learn.microsoft.com/graph/support',
    privacyPolicyUrl: 'https://privacy.microsoft.com/privacystatement',
    tags: ['chat', 'messages', 'notifications'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'v1.0',
  },
  types: [
    {
      id: 'chat.teams',
      displayName: 'Microsoft Teams',
      description: 'One team, its channels, and chats of the account that signs in.',
      category: 'communication',
      capabilities: ['channels', 'messages', 'threads', 'direct messages', 'rich messages'],
      config: Type.Object({
        teamId: Type.String({
          title: 'Team',
          pattern: '^[0-9a-fA-F-]{36}$',
          description: 'Id of the team: groupId in the link that “Get link to team” gives.',
        }),
        tenantId: Type.Optional(
          Type.String({
            title: 'Tenant',
            pattern: '^[0-9A-Za-z.-]{1,255}$',
            description: 'Id or domain of the Entra ID tenant; needed for an application (authMode basic).',
          }),
        ),
      }),
      defaultEndpoint: 'https://graph.microsoft.com/v1.0',
    },
    {
      id: workflowType,
      displayName: 'Microsoft Teams, Workflows address',
      description: 'One channel or chat, posted to through the address of a flow; no app registration and no user.',
      category: 'communication',
      capabilities: ['messages', 'rich messages'],
      config: Type.Object({
        // Without a path: what comes behind the host is the secret, and config is none.
        endpoint: Type.String({
          title: 'Endpoint',
          format: 'uri',
          pattern: '^https?://[^/?#@]+/?$',
          maxLength: 512,
          description:
            'https:// and the host of the address that the flow shows, and nothing behind it: the whole address is the credential.',
        }),
        channelId: Type.String({
          title: 'Channel',
          pattern: '^[^\\s\\x00-\\x1f\\x7f]{1,512}$',
          description:
            'What callers name as channelId: the id of the channel that the flow posts to, or a word for it.',
        }),
      }),
      defaultEndpoint: null,
      actions: ['channel.list', 'message.send', 'message.rich'],
    },
  ],
  auth: [
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      types: graphTypes,
      title: 'Sign in as a user',
      help: 'Entra ID → App registrations → the app, delegated permissions; messages are written in the name of who signs in.',
      apply: { scheme: 'bearer', token: '{accessToken}' },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      types: graphTypes,
      title: 'Application (reads only)',
      help: 'User name is the client id of the app registration, password a client secret; set tenantId. Graph does not let applications write messages.',
      // learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
      apply: {
        scheme: 'token-exchange',
        url: 'https://login.microsoftonline.com/{config.tenantId}/oauth2/v2.0/token',
        form: {
          grant_type: 'client_credentials',
          client_id: '{username}',
          client_secret: '{password}',
          scope: 'https://graph.microsoft.com/.default',
        },
        tokenAt: '/access_token',
        expiresInAt: '/expires_in',
        defaultLifetimeSeconds: 3000,
      },
    },
    {
      mode: 'token',
      kind: 'bearer_token',
      types: graphTypes,
      title: 'Access token',
      help: 'A token for Microsoft Graph that something else renews; it lives about an hour.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'token',
      kind: 'api_key',
      types: [workflowType],
      title: 'Address of a flow',
      help: 'Teams → Workflows → “Post to a channel when a webhook request is received” shows it; the whole address is the credential.',
      apply: { scheme: 'secret-url', url: '{key}' },
    },
  ],
  egress: { hosts: ['login.microsoftonline.com'] },
  requiredPermissions: [
    {
      scope: 'Team.ReadBasic.All',
      description: 'Read the names of teams.',
      required: true,
      justification: 'The connection test and the health check read the team.',
    },
    {
      scope: 'Channel.ReadBasic.All',
      description: 'Read names and descriptions of channels.',
      required: true,
      justification: 'channel.list, channel.get and discovery.',
    },
    {
      scope: 'ChannelMessage.Send',
      description: 'Send channel messages (delegated).',
      required: false,
      justification: 'message.send, thread.reply and message.rich in channels.',
    },
    {
      scope: 'ChannelMessage.ReadWrite',
      description: 'Read and write channel messages (delegated).',
      required: false,
      justification: 'message.update reads back what it wrote; message.delete.',
    },
    {
      scope: 'Chat.ReadWrite',
      description: 'Create chats, and read and write messages there (delegated).',
      required: false,
      justification:
        'message.direct, and updating and deleting in chats; Chat.Create and ChatMessage.Send do for sending alone.',
    },
  ],
  /** Graph allows 2 messages a second to one channel, 50 requests a second to one team (learn.microsoft.com/graph/throttling-limits). */
  pace: { requestsPerMinute: 120 },
  discoveryScope: { channels: { project: 'id', dataTypes: ['messages'], containsPii: false } },
};
