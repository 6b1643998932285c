/** A reverse proxy that passes on requests, but handles WebSockets differently. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

export interface UpgradeProxy extends AsyncDisposable {
  readonly url: string;
  /** Paths of the requests that were passed on, without their queries. */
  readonly passed: readonly string[];
}

/** @param onUpgrade Handles requests for another protocol; `null`: they are passed on as ordinary requests. */
export async function startUpgradeProxy(
  target: string,
  onUpgrade: ((socket: Duplex) => void) | null,
): Promise<UpgradeProxy> {
  const passed: string[] = [];
  const server = createServer((incoming, response) => {
    passed.push(incoming.url!.split("?")[0]!);
    pass(target, incoming, response);
  });
  if (onUpgrade !== null) server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => onUpgrade(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pass(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { connection: _connection, upgrade: _upgrade, ...headers } = incoming.headers;
  const sent = httpRequest(`${target}${incoming.url}`, { method: incoming.method!, headers, agent: false });
  sent.once("response", (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  sent.once("error", () => response.destroy());
  response.once("close", () => sent.destroy());
  incoming.pipe(sent);
}
