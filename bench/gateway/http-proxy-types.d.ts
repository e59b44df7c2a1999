// The package brings no types; only what the bench calls.
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  interface ProxyServer {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(event: 'error', listener: (error: Error, request: IncomingMessage, response: ServerResponse) => void): void;
  }
  const httpProxy: { createProxyServer(options: { target: string; agent: Agent }): ProxyServer };
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS.
  export default httpProxy;
}
