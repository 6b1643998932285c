/** Starts a server as a new user would, and makes a first delivery to a receiver on this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { addressOf } from "./try.ts";

export interface StartedServer {
  readonly url: string;
  readonly token: string;
  /** Milliseconds from the start of the process until it printed its URL. */
  readonly readyMs: number;
}

export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Starts a command that runs a server, uses the server, and stops it and all of its processes. */
export async function withServer<T>(
  command: string,
  args: readonly string[],
  { cwd, env, startMs }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly startMs?: number },
  use: (server: StartedServer) => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...env, POSTHORN_LISTEN: "127.0.0.1:0" },
    stdio: ["ignore", "pipe", "inherit"],
    // npx starts a shell, which starts the server; all of them are stopped together.
    detached: true,
  });
  const ended = once(child, "close");
  try {
    const { url, token } = await addressOf(child.stdout, startMs);
    child.stdout.resume();
    return await use({ url, token, readyMs: Math.round(performance.now() - start) });
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await ended;
  }
}

/**
 * Adds a receiver as an endpoint, publishes a message, and waits until it arrives.
 *
 * @param transformation Code that changes each message of the endpoint.
 */
export async function deliver({ url, token }: StartedServer, transformation?: string): Promise<Delivery> {
  const delivered = Promise.withResolvers<Delivery>();
  const receiver = createServer((request, response) => {
    text(request).then((body) => {
      delivered.resolve({ headers: request.headers, body });
      return response.writeHead(204).end();
    }, delivered.reject);
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  try {
    const { port } = receiver.address() as AddressInfo;
    const call = (method: string, path: string, body: object): Promise<void> =>
      send(method, `${url}/api/v1/app${path}`, token, body);
    await call("POST", "", { name: "Demo", uid: "demo" });
    await call("POST", "/demo/endpoint", { uid: "receiver", url: `http://127.0.0.1:${port}/` });
    if (transformation !== undefined) {
      await call("PATCH", "/demo/endpoint/receiver/transformation", { enabled: true, code: transformation });
    }
    await call("POST", "/demo/msg", { eventType: "invoice.paid", payload: { amount: 12 } });
    return await delivered.promise;
  } finally {
    receiver.close();
    receiver.closeAllConnections();
  }
}

async function send(method: string, url: string, token: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status} ${await response.text()}`);
}
