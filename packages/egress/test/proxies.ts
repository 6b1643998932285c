import { createServer as createHttpServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** A proxy on loopback that records its requests. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  readonly asked: string[];
  readonly credentials: (string | undefined)[];
}

async function listen(server: Server, sockets: Set<Socket>): Promise<number> {
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

/** Connects two sockets. When one of them closes, so does the other. */
function join(a: Socket, b: Socket): void {
  a.pipe(b);
  b.pipe(a);
  b.on("error", () => a.destroy());
  a.on("error", () => b.destroy());
  a.on("close", () => b.destroy());
  b.on("close", () => a.destroy());
}

/**
 * An HTTP proxy with CONNECT. It refuses with any `status` other than 200, and never responds with `null`.
 *
 * @param greeting Sent in one packet with the response.
 */
export async function startConnectProxy(status: () => number | null = () => 200, greeting = ""): Promise<TestProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createHttpServer();
  server.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    credentials.push(request.headers["proxy-authorization"]);
    const response = status();
    if (response === null) return;
    if (response !== 200) return void socket.end(`HTTP/1.1 ${response} No\r\ncontent-length: 0\r\n\r\n`);
    const target = new URL(`http://${request.url}`);
    const upstream = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ""), () => {
      socket.write(`HTTP/1.1 200 Connection established\r\n\r\n${greeting}`);
      join(socket, upstream);
    });
    upstream.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
    sockets.add(upstream);
  });
  const port = await listen(server, sockets);
  return { port, asked, credentials, [Symbol.asyncDispose]: () => stop(server, sockets) };
}

/**
 * A SOCKS5 proxy (RFC 1928, RFC 1929). It refuses with any `reply` other than 0.
 *
 * @param greeting Sent in one packet with the reply.
 */
export async function startSocksProxy(reply = 0, greeting = ""): Promise<TestProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    socket.once("data", (hello) => {
      const wantsPassword = hello.subarray(2).includes(2);
      const onRequest = (request: Buffer) => {
        const { host, port } = destination(request);
        asked.push(`${host}:${port}`);
        const response = (code: number) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
        if (reply !== 0) return void socket.end(response(reply));
        const upstream = connect(port, host, () => {
          socket.write(Buffer.concat([response(0), Buffer.from(greeting)]));
          join(socket, upstream);
        });
        upstream.on("error", () => socket.end(response(5)));
        sockets.add(upstream);
      };
      if (!wantsPassword) {
        credentials.push(undefined);
        socket.once("data", onRequest);
        return void socket.write(Buffer.from([5, 0]));
      }
      socket.once("data", (login) => {
        const userEnd = 2 + login[1]!;
        credentials.push(`${login.toString("utf8", 2, userEnd)}:${login.toString("utf8", userEnd + 1)}`);
        socket.once("data", onRequest);
        socket.write(Buffer.from([1, 0]));
      });
      socket.write(Buffer.from([5, 2]));
    });
  });
  const port = await listen(server, sockets);
  return { port, asked, credentials, [Symbol.asyncDispose]: () => stop(server, sockets) };
}

function destination(request: Buffer): { host: string; port: number } {
  const kind = request[3];
  if (kind === 3) {
    const end = 5 + request[4]!;
    return { host: request.subarray(5, end).toString(), port: request.readUInt16BE(end) };
  }
  if (kind === 1) return { host: request.subarray(4, 8).join("."), port: request.readUInt16BE(8) };
  const groups = Array.from({ length: 8 }, (_none, index) => request.readUInt16BE(4 + index * 2).toString(16));
  return { host: groups.join(":"), port: request.readUInt16BE(20) };
}
