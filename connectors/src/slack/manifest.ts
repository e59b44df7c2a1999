import { type AuthMethod, type ConnectorManifest, letterIcon } from '@inthub/connector-sdk';
import Type from 'typebox';

/** An expired token (only with token rotation) comes with status 200 (docs.slack.dev/authentication/using-token-rotation). */
const expired: NonNullable<AuthMethod['expired']> = [{ status: 200, body: { at: '/error', oneOf: ['token_expired'] } }];

export const manifest: ConnectorManifest = {
  id: 'slack',
  version: '1.0.0',
  metadata: {
    name: 'Slack',
    description: 'Channels, messages, threads and direct messages of a Slack workspace, and the events that it sends.',
    icon: letterIcon('S', '#4a154b'),
    category: 'communication',
    vendor: 'Slack Technologies',
    documentationUrl: 'https://docs.slack.dev/',
    supportUrl: 'https://slack.com/help',
    privacyPolicyUrl: 'https://slack.com/trust/privacy/privacy-policy',
    tags: ['chat', 'messages', 'notifications'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: 'Web API',
  },
  types: [
    {
      id: 'chat.slack',
      displayName: 'Slack',
      description: 'One Slack workspace, through an app that is installed there.',
      category: 'communication',
      capabilities: ['channels', 'messages', 'threads', 'direct messages', 'rich messages', 'webhooks'],
      config: Type.Object({
        channelTypes: Type.Optional(
          Type.Enum(['public', 'public_and_private'], {
            title: 'Channels to list',
            default: 'public_and_private',
            description: 'Private channels need the scope groups:read; only those that the app is in are listed.',
          }),
        ),
      }),
      defaultEndpoint: 'https://slack.com/api',
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Bot token',
      help: 'The Bot User OAuth Token (xoxb-…): api.slack.com/apps → the app → OAuth & Permissions, after installing the app to the workspace.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'oauth',
      kind: 'oauth2_token',
      title: 'OAuth',
      help: 'Sign in with Slack (OAuth v2); the bot token is stored, and renewed where token rotation is on.',
      apply: { scheme: 'bearer', token: '{accessToken}' },
      expired,
    },
  ],
  egress: { hosts: [] },
  requiredPermissions: [
    {
      scope: 'channels:read',
      description: 'View basic information about public channels.',
      required: true,
      justification: 'channel.list, channel.get and discovery of public channels.',
    },
    {
      scope: 'groups:read',
      description: 'View basic information about private channels that the app is in.',
      required: false,
      justification: 'Only with channelTypes public_and_private, and for channel.get of a private channel.',
    },
    {
      scope: 'chat:write',
      description: 'Send messages as the app.',
      required: true,
      justification: 'Sending, updating and deleting messages; only its own can be changed.',
    },
    {
      scope: 'im:write',
      description: 'Start direct messages.',
      required: false,
      justification: 'message.direct opens the conversation with the user.',
    },
    {
      scope: 'users:read.email',
      description: 'See e-mail addresses of members; wants users:read too.',
      required: false,
      justification: 'Only for slack.user.find.',
    },
  ],
  /**
   * Slack limits each method by itself (docs.slack.dev/apis/web-api/rate-limits): tier 2 is 20 a minute, tier 3 is 50, and
   * chat.postMessage about one a second and channel. The weights of the actions make these of 100 a minute: 5 and 2.
   */
  pace: { requestsPerMinute: 100 },
  discoveryScope: { channels: { project: 'id', dataTypes: ['messages'], containsPii: false } },
};
