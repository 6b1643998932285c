/**
 * A simulated internet on one machine: every name resolves to it over TLS, although the client requests public names and dials public
 * addresses.
 */
import { createHash, X509Certificate } from "node:crypto";
import { createServer as createPlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { EgressOptions } from "@posthorn/egress";
import { startLab } from "@posthorn/egress/lab";

export interface Internet extends AsyncDisposable {
  /** The dependencies with which the HTTP client of a node uses it. */
  readonly egress: EgressOptions;
  /** Requested URLs, as `https://host/path?query`. */
  readonly asked: readonly string[];
}

/** @param answer The body for a URL; `null`: 404. */
export async function startInternet(response: (url: string) => string | null): Promise<Internet> {
  const lab = await startLab();
  const { cert, key } = lab.certificates.good;
  const asked: string[] = [];
  const site = createServer({ cert, key }, (request, reply) => {
    const url = `https://${request.headers.host}${request.url}`;
    asked.push(url);
    const body = response(url);
    reply.writeHead(body === null ? 404 : 200).end(body ?? "");
  });
  await listen(site);
  const proxy = createPlainServer().on("connect", (_request, socket) => {
    const target = connect(portOf(site), "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  await listen(proxy);
  const pin = createHash("sha256").update(new X509Certificate(cert).raw).digest("hex");
  const found = { addresses: ["203.0.114.7"], ttl: 60 };
  return {
    asked,
    egress: {
      proxy: { url: `http://127.0.0.1:${portOf(proxy)}` },
      tls: { pins: [pin] },
      nameService: {
        query: (_host, family) => Promise.resolve(family === 4 ? found : { addresses: [], ttl: 60 }),
        probe: () => Promise.resolve(null),
        system: () => Promise.resolve(found.addresses),
        cancel: () => undefined,
      },
    },
    [Symbol.asyncDispose]: async () => {
      site.closeAllConnections();
      proxy.closeAllConnections();
      site.close();
      proxy.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}

function listen(server: Server | ReturnType<typeof createPlainServer>): Promise<void> {
  return new Promise((resolve) => void server.listen(0, "127.0.0.1", resolve));
}

function portOf(server: Server | ReturnType<typeof createPlainServer>): number {
  return (server.address() as AddressInfo).port;
}
