/** Startup server: listens on the server's address while the database is unavailable. It reports live, not ready, and `Retry-After`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { ListenAddress } from "../config/parse.ts";
import { PosthornError } from "../lib/errors.ts";
import { describeOutage, type StoreOutage } from "../store/errors.ts";
import { INERT } from "./inert.ts";
import { retryAfterSeconds } from "./retry-after.ts";

export interface Waiting {
  readonly outage: StoreOutage;
  /** How long the server has waited for the database, in milliseconds. */
  readonly forMs: number;
}

export interface StartupServer extends AsyncDisposable {
  /** Updates the reported state. */
  update(waiting: Waiting): void;
}

/** Throws `config_invalid` when it cannot listen there. */
export async function openStartupServer(listen: ListenAddress, first: Waiting): Promise<StartupServer> {
  let waiting = first;
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    // An open connection would prevent the real server from taking over.
    response.shouldKeepAlive = false;
    respond(request, response, waiting);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(listen, cause)));
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    update: (next) => void (waiting = next),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => void server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function respond(request: IncomingMessage, response: ServerResponse, { outage, forMs }: Waiting): void {
  if (request.url?.split("?")[0]?.endsWith("/health/live") === true) {
    response.writeHead(204).end();
    return;
  }
  const detail = `The server is starting, and its database ${describeOutage(outage)}. Try again later.`;
  const body = JSON.stringify({ code: "storage_unavailable", detail, reason: outage });
  const headers = {
    ...INERT,
    "content-type": "application/json",
    "retry-after": String(retryAfterSeconds(forMs, Math.random)),
  };
  response.writeHead(503, headers).end(body);
}

/** Error for an address that is in use or not available. */
export function cannotListen({ host, port }: ListenAddress, cause: unknown): PosthornError {
  return new PosthornError(
    "config_invalid",
    `Cannot listen on ${host}:${port} (${(cause as Error).message}). Stop the program that uses the port, or change POSTHORN_LISTEN.`,
    { cause },
  );
}
