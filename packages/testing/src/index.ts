export type { DatabaseTemplate, TestDatabase, TestDatabaseServer } from './database.ts';
export { createTestDatabase, databaseUrlVariable, startTestDatabase } from './database.ts';
export type { EmbeddedServer } from './embedded-server.ts';
export { startEmbeddedServer } from './embedded-server.ts';
export type { FakeClock } from './fake-clock.ts';
export { createFakeClock } from './fake-clock.ts';
export type {
  CertificateAuthority,
  CreateAuthorityOptions,
  IssuedCertificate,
  IssueOptions,
} from './peers/certificate-authority.ts';
export { createAuthority } from './peers/certificate-authority.ts';
export type { StartChildOptions, StartedChild, WaitUntilReadyOptions } from './peers/child.ts';
export { acceptsTcp, answersHttp, startChild, waitUntilReady } from './peers/child.ts';
export type { EnsuredPackages, PeerAvailability, PeerName } from './peers/debian-packages.ts';
export { ensurePackages, findCommand, getCommand, peersOrSkip, requirePeers } from './peers/debian-packages.ts';
export type { DockerRegistry, StartDockerRegistryOptions } from './peers/docker-registry.ts';
export { startDockerRegistry } from './peers/docker-registry.ts';
export type { FaultExchange, FaultResponse, RecordedRequest } from './peers/fault-responses.ts';
export { respond } from './peers/fault-responses.ts';
export type { FaultServer, StartFaultServerOptions } from './peers/fault-server.ts';
export { startFaultServer } from './peers/fault-server.ts';
export { findFreePort } from './peers/free-port.ts';
export type { Descriptor, ImagePlatform, MakeOciImageOptions, OciImage } from './peers/images.ts';
export { imageMediaTypes, makeOciImage, makeOciIndex, sha256 } from './peers/images.ts';
export type { AskedPage, ListingProvider, StartListingProviderOptions } from './peers/listing-provider.ts';
export { startListingProvider } from './peers/listing-provider.ts';
export type { LoopbackServer } from './peers/loopback-server.ts';
export { listenOnLoopback } from './peers/loopback-server.ts';
export type { Nats } from './peers/nats.ts';
export { startNats } from './peers/nats.ts';
export type { TokenDefect } from './peers/odd-tokens.ts';
export { tokenDefects } from './peers/odd-tokens.ts';
export type { OidcClient, OidcProvider, StartOidcProviderOptions } from './peers/oidc.ts';
export { startOidcProvider } from './peers/oidc.ts';
export type { PushImageOptions, PushTagsOptions, RegistryAccess } from './peers/registry-client.ts';
export { inspectDigest, inspectRaw, listTags, pushImage, pushTags } from './peers/registry-client.ts';
export type { Router, StartRouterOptions } from './peers/routers.ts';
export { startHaproxy, startNginx } from './peers/routers.ts';
export type { TemporaryDirectory } from './peers/temporary-directory.ts';
export { createTemporaryDirectory } from './peers/temporary-directory.ts';
export type {
  Grants,
  StartTokenServerOptions,
  TokenKind,
  TokenRequest,
  TokenServer,
  TokenServerAccount,
} from './peers/token-server.ts';
export { startTokenServer } from './peers/token-server.ts';
export type { StartValkeyOptions, Valkey } from './peers/valkey.ts';
export { startValkey } from './peers/valkey.ts';
