import Type from 'typebox';

/** Config field of registries whose tokens come from another host. Egress lets the credential go there and nowhere else. */
export const tokenRealmHost = Type.Optional(
  Type.String({
    title: 'Token server',
    maxLength: 255,
    pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$',
    description:
      'Host (and port) of the token server, if it is not the registry itself: the host of "realm" in its WWW-Authenticate header.',
  }),
);
