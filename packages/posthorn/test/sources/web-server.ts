/** An HTTP server whose response a test sets, for sources that read a URL. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface WebServer extends AsyncDisposable {
  readonly url: string;
  /** Requests so far, newest last. */
  readonly requests: readonly {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
  }[];
  respond: (request: IncomingMessage, response: ServerResponse, body: string) => void;
}

export async function startWebServer(): Promise<WebServer> {
  const requests: { method: string; url: string; headers: IncomingMessage["headers"] }[] = [];
  const scene: { respond: WebServer["respond"] } = {
    respond: (_request, response) => void response.writeHead(204).end(),
  };
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, url: request.url!, headers: request.headers });
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => scene.respond(request, response, body));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get respond() {
      return scene.respond;
    },
    set respond(respond) {
      scene.respond = respond;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Responds with a body, its ETag, and 304 for a request that has it. */
export function withEtag(body: () => string, type = "application/json"): WebServer["respond"] {
  return (request, response) => {
    const etag = `"${createHash("sha256").update(body()).digest("base64url")}"`;
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.writeHead(200, { "content-type": type, etag }).end(body());
  };
}

export function responds(body: string, headers: Record<string, string> = {}, status = 200): WebServer["respond"] {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}
