import { type ConnectorManifest, letterIcon, registryDiscoveryScope } from '@inthub/connector-sdk';
import Type from 'typebox';
import { tokenRealmHost } from '../_families/oci/config.ts';

export const manifest: ConnectorManifest = {
  id: 'artifactory',
  version: '1.0.0',
  metadata: {
    name: 'JFrog Artifactory',
    description: 'Images, tags and digests of a Docker repository in Artifactory, self-hosted or in the JFrog cloud.',
    icon: letterIcon('A', '#41bf47'),
    category: 'registry',
    vendor: 'JFrog',
    documentationUrl: 'https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-registry',
    supportUrl: 'https://jfrog.com/support/',
    privacyPolicyUrl: 'https://jfrog.com/privacy-policy/',
    tags: ['containers', 'images', 'registry'],
    minPlatformVersion: '0.1.0',
    targetApiVersion: '7',
  },
  types: [
    {
      id: 'registry.artifactory',
      displayName: 'JFrog Artifactory',
      description: 'One Docker repository (local, remote or virtual) of an Artifactory.',
      category: 'registry',
      capabilities: ['repos', 'tags', 'digests'],
      config: Type.Object({
        repoKey: Type.String({
          title: 'Repository key',
          minLength: 1,
          maxLength: 64,
          pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
          description: 'Key of the Docker repository in Artifactory, for example docker-local.',
        }),
        access: Type.Optional(
          Type.Enum(['path', 'subdomain'], {
            title: 'Docker access method',
            default: 'path',
            description:
              'path: images are <host>/<repository key>/<image>. subdomain: the endpoint is <repository key>.<host>.',
          }),
        ),
        tokenRealmHost,
      }),
      defaultEndpoint: null,
      templates: [
        {
          name: 'JFrog cloud',
          description: 'https://<company>.jfrog.io with repositories by path.',
          config: { access: 'path' },
        },
        {
          name: 'Subdomain',
          description: 'A reverse proxy gives each repository a host name of its own.',
          config: { access: 'subdomain' },
        },
      ],
    },
  ],
  auth: [
    {
      mode: 'token',
      kind: 'bearer_token',
      title: 'Access or identity token',
      help: 'User menu → Edit Profile → Generate an Identity Token; or an administrator makes a scoped access token under User Management → Access Tokens.',
      apply: { scheme: 'bearer', token: '{token}' },
    },
    {
      mode: 'basic',
      kind: 'basic_auth',
      title: 'User name and token or password',
      help: 'A user name with an identity token (better) or the password.',
      // Artifactory takes Basic on its Docker API at once, as its own examples do.
      apply: { scheme: 'basic', username: '{username}', password: '{password}' },
    },
    {
      mode: 'none',
      kind: null,
      title: 'Anonymous',
      help: 'Where the administrator allows anonymous access.',
      apply: { scheme: 'registry-challenge' },
    },
  ],
  egress: { hosts: [] },
  discoveryScope: registryDiscoveryScope,
  requiredPermissions: [
    {
      scope: 'read on the repository',
      description: 'A permission target with Read on the Docker repository.',
      required: true,
      justification: 'Images and tags are listed, tags resolved and manifests read; nothing is written.',
    },
  ],
};
