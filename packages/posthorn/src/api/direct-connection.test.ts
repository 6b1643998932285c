import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { eventually } from "@posthorn/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { HotResponse, HotRoute } from "./hot-route.ts";
import { type HttpTimeouts, listeningServer, TIMEOUTS } from "./http-server.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

interface Scene {
  readonly server: Server;
  /** The sockets of its connections. */
  readonly sockets: Socket[];
  /** The handler of each request, in order. */
  readonly handled: string[];
  /** Responses of `/late` that have not been sent yet. */
  readonly late: HotResponse[];
  /** Functions that write the next responses of Node's server. */
  readonly node: ((response: HotResponse) => void)[];
}

/** A server that handles `POST /hot` and `POST /late` itself, and leaves everything else to Node's. */
async function scene(timeouts: Partial<HttpTimeouts> = {}): Promise<Scene> {
  const handled: string[] = [];
  const late: HotResponse[] = [];
  const node: ((response: HotResponse) => void)[] = [];
  const route: HotRoute = ({ url = "" }, response, body) => {
    if (url !== "/hot" && url !== "/late") return false;
    handled.push(`direct ${url}`);
    if (url === "/late") late.push(response);
    else respond(response, `direct ${(body as Buffer).toString("latin1")}`);
    return true;
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handled.push(`node ${request.url}`);
    const write = node.shift() ?? ((to: HotResponse) => respond(to, "node"));
    request.resume().on("end", () => write(response));
  };
  const server = listeningServer(listener, { ...TIMEOUTS, ...timeouts }, route);
  const sockets: Socket[] = [];
  server.on("connection", (socket) => void sockets.push(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  open.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(() => resolve()));
  });
  return { server, sockets, handled, late, node };
}

function respond(response: HotResponse, text: string): void {
  response.writeHead(200, ["content-length", String(text.length)]);
  response.end(text, "latin1");
}

class Client {
  readonly socket: Socket;
  received = "";

  constructor(server: Server) {
    this.socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    this.socket.on("data", (chunk) => (this.received += chunk.toString("latin1"))).on("error", () => undefined);
    open.defer(() => void this.socket.destroy());
  }

  /** The bodies of the responses. */
  get bodies(): readonly string[] {
    return this.received.split(/HTTP\/1\.1 200 OK\r\n.*?\r\n\r\n/s).slice(1);
  }

  async receives(...bodies: readonly string[]): Promise<void> {
    await eventually(() => assert.deepEqual(this.bodies, bodies));
  }
}

function post(target: string, body = "x", headers = ""): string {
  return `POST ${target} HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

describe("a connection", () => {
  it("is handled without Node's server as long as its requests are ordinary", async () => {
    const { server, handled } = await scene();
    const client = new Client(server);
    client.socket.write(post("/hot", "1"));
    await client.receives("direct 1");
    client.socket.write(post("/hot", "2"));
    await client.receives("direct 1", "direct 2");
    expect(handled).toEqual(["direct /hot", "direct /hot"]);
  });

  it("reads a body that follows its head", async () => {
    const { server, sockets, handled } = await scene();
    const client = new Client(server);
    const request = post("/hot", "body");
    let written = 0;
    for (const piece of [request.slice(0, -4), request.slice(-4, -1), request.slice(-1)]) {
      client.socket.write(piece);
      written += piece.length;
      await eventually(() => expect(sockets[0]?.bytesRead).toBe(written));
    }
    await client.receives("direct body");
    client.socket.write(post("/hot", "next"));
    await client.receives("direct body", "direct next");
    expect(handled).toEqual(["direct /hot", "direct /hot"]);
  });

  it.each(["", "ok", "Zoë", Buffer.from([0xe9, 0x00])])(
    "writes the bytes that Node's server writes for %o",
    async (body) => {
      const write = (response: HotResponse): void => {
        response.writeHead(202, { "x-name": "Zo\xeb", "content-length": Buffer.byteLength(body) });
        response.end(body, "utf8");
      };
      const { server, late, node } = await scene();
      node.push(write);
      const clients = [new Client(server), new Client(server)] as const;
      clients[0].socket.write(post("/late"));
      clients[1].socket.write(post("/written"));
      await eventually(() => expect(late.length).toBe(1));
      write(late[0]!);
      const bytes = Buffer.byteLength(body);
      const isWhole = ({ received }: Client): boolean =>
        received.includes("\r\n\r\n") && bodyOf(received).length === bytes;
      await eventually(() => expect(clients.every(isWhole)).toBe(true));
      const [direct, other] = clients.map(({ received }) => received.replace(/Date: .*/, "Date"));
      expect(direct).toBe(other);
    },
  );

  it("writes the headers of each response, whatever those before it had", async () => {
    const lists = [
      ["a", "1", "content-length", "2"],
      ["a", "1", "content-length", "2"],
      ["a", "2", "content-length", "2"],
      ["a", "1", "b", "3", "content-length", "2"],
      ["content-length", "2", "a", "1"],
      ["content-length", "2"],
      ["a", "1", "content-length", "2", "b", "\xe9"],
      ["a", "1", "content-length", "2"],
    ];
    const { server, late } = await scene();
    const client = new Client(server);
    const heads: string[] = [];
    for (const [index, list] of lists.entries()) {
      client.received = "";
      client.socket.write(post("/late"));
      await eventually(() => expect(late.length).toBe(index + 1));
      late[index]!.writeHead(202, list);
      late[index]!.end("ok", "latin1");
      await eventually(() => expect(client.received).toContain("\r\n\r\nok"));
      heads.push(client.received.slice(0, client.received.indexOf("Date: ")));
    }
    const linesOf = (list: readonly string[]): string =>
      list.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
    expect(heads).toEqual(lists.map((list) => `HTTP/1.1 202 Accepted\r\n${linesOf(list)}`));
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(lists.length + 1));
    const response = late.at(-1)!;
    expect(() => response.writeHead(202, ["a", "1\r\nb: 2", "content-length", "2"])).toThrow(/Invalid character/);
    expect(() => response.writeHead(202, ["a", "1", "b c", "2"])).toThrow(/Header name/);
  });

  it.each([
    ["a request of another route", [post("/other")], ["node"], ["node /other"]],
    [
      "an ordinary request, then one of another route",
      [post("/hot"), post("/other")],
      ["direct x", "node"],
      ["direct /hot", "node /other"],
    ],
    ["two requests at once", [post("/hot") + post("/hot", "y")], ["node", "node"], ["node /hot", "node /hot"]],
    ["a head in two pieces", [post("/hot").slice(0, 20), post("/hot").slice(20)], ["node"], ["node /hot"]],
    ["a body in many pieces", [post("/hot", "12345").slice(0, -4), "2", "3", "4", "5"], ["node"], ["node /hot"]],
    [
      "more than a body",
      [post("/hot", "12").slice(0, -1), `2${post("/hot")}`],
      ["node", "node"],
      ["node /hot", "node /hot"],
    ],
    ["a body of more than 256 KiB", [post("/hot", "x".repeat(256 * 1024 + 1))], ["node"], ["node /hot"]],
    ["a request that closes the connection", [post("/hot", "x", "connection: close\r\n")], ["node"], ["node /hot"]],
  ])("passes %s to Node's server", async (_title, pieces, bodies, who) => {
    const { server, sockets, handled } = await scene();
    const client = new Client(server);
    let written = 0;
    for (const [index, piece] of pieces.entries()) {
      client.socket.write(piece);
      written += piece.length;
      // Otherwise the system would join the pieces.
      await eventually(() => expect(sockets[0]?.bytesRead).toBe(written));
      if (pieces[index + 1]?.startsWith("POST") === true) await client.receives(...bodies.slice(0, index + 1));
    }
    await client.receives(...bodies);
    expect(handled).toEqual(who);
  });

  it("handles a large body that arrives in many pieces", async () => {
    const { server, handled } = await scene();
    const client = new Client(server);
    const body = "0123456789".repeat(20_000);
    const request = post("/hot", body);
    for (let at = 0; at < request.length; at += 5000) {
      client.socket.write(request.slice(at, at + 5000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.receives(`direct ${body}`);
    expect(handled).toEqual(["direct /hot"]);
  });

  it("passes large bodies to Node's server while others that have not arrived take all of their memory", async () => {
    const { server, sockets, handled } = await scene({ checkMs: 60_000 });
    const begin = post("/hot", "x".repeat(256 * 1024)).slice(0, 1000);
    const clients: Client[] = [];
    const add = async (): Promise<Client> => {
      const client = new Client(server);
      client.socket.write(begin);
      clients.push(client);
      await eventually(() => expect(sockets.filter(({ bytesRead }) => bytesRead > 0)).toHaveLength(clients.length));
      return client;
    };
    for (let count = 0; count < 128; count++) await add();
    expect(handled).toEqual([]);
    await add();
    await eventually(() => expect(handled).toEqual(["node /hot"]));
    // A small body is not counted.
    const small = new Client(server);
    small.socket.write(post("/hot").slice(0, -1));
    await eventually(() => expect(sockets.at(-1)?.bytesRead).toBe(post("/hot").length - 1));
    small.socket.write("x");
    await small.receives("direct x");
    // The memory of a closed connection, and of one that passes to Node's server, is free again.
    clients[0]!.socket.resetAndDestroy();
    clients[1]!.socket.write("x".repeat(256 * 1024));
    await eventually(() => expect(handled).toEqual(["node /hot", "direct /hot", "node /hot"]));
    const [first, second] = [new Client(server), new Client(server)];
    for (const client of [first, second]) client.socket.write(begin);
    await eventually(() => expect(sockets.slice(-2).map(({ bytesRead }) => bytesRead)).toEqual([1000, 1000]));
    const rest = post("/hot", "x".repeat(256 * 1024)).slice(1000);
    for (const client of [first, second]) client.socket.write(rest);
    for (const client of [first, second]) await client.receives(`direct ${"x".repeat(256 * 1024)}`);
  });

  it("answers requests that arrive before an earlier response in order", async () => {
    const { server, sockets, handled, late } = await scene();
    const client = new Client(server);
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    client.socket.write(post("/hot", "1"));
    client.socket.write(post("/other", "2"));
    await eventually(() => expect(sockets[0]?.bytesRead).toBe(client.socket.bytesWritten));
    expect(client.received).toBe("");
    respond(late[0]!, "late");
    await client.receives("late", "node", "node");
    expect(handled).toEqual(["direct /late", "node /hot", "node /other"]);
  });

  it("writes a response once, and none after the client has disconnected", async () => {
    const { server, late } = await scene();
    const client = new Client(server);
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    respond(late[0]!, "one");
    respond(late[0]!, "two");
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(2));
    expect(client.bodies).toEqual(["one"]);
    client.socket.resetAndDestroy();
    await eventually(async () => expect(await connections(server)).toBe(0));
    respond(late[1]!, "three");
  });

  it("ends when the client ends it", async () => {
    const { server } = await scene();
    const client = new Client(server);
    client.socket.write(post("/hot"));
    await client.receives("direct x");
    client.socket.end();
    await once(client.socket, "close");
    await eventually(async () => expect(await connections(server)).toBe(0));
  });
});

describe("a slow client", () => {
  it("that sends nothing gets the same response as from Node's server", async () => {
    const { server } = await scene({ headersMs: 50, requestMs: 50, checkMs: 10 });
    const client = new Client(server);
    await once(client.socket, "close");
    expect(client.received).toContain("408 Request Timeout");
  });

  it("that sends part of a request gets the same response as from Node's server", async () => {
    const { server } = await scene({ headersMs: 50, requestMs: 50, checkMs: 10 });
    const client = new Client(server);
    client.socket.write(post("/hot").slice(0, -1));
    await once(client.socket, "close");
    expect(client.received).toContain("408 Request Timeout");
  });

  it("is disconnected while a response is missing, and stays connected between requests", async () => {
    const { server, late } = await scene({ stalledMs: 100 });
    const idle = new Client(server);
    idle.socket.write(post("/hot"));
    await idle.receives("direct x");
    const stalled = new Client(server);
    stalled.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    await once(stalled.socket, "close");
    idle.socket.write(post("/hot", "y"));
    await idle.receives("direct x", "direct y");
  });
});

describe("a server that closes", () => {
  it("closes idle connections, and those with a request after their response", async () => {
    const { server, late } = await scene();
    const idle = new Client(server);
    idle.socket.write(post("/hot"));
    await idle.receives("direct x");
    const busy = new Client(server);
    busy.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    server.closeIdleConnections();
    await once(idle.socket, "close");
    respond(late[0]!, "late");
    await once(busy.socket, "close");
    expect(busy.bodies).toEqual(["late"]);
    // A client that was told to keep the connection would send the next request into a closed one.
    expect(busy.received).toContain("\r\nConnection: close\r\n");
    expect(busy.received).not.toContain("Keep-Alive");
  });

  it("answers requests that arrived before the response to an earlier one", async () => {
    const { server, sockets, late } = await scene();
    const client = new Client(server);
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    client.socket.write(post("/hot"));
    await eventually(() => expect(sockets[0]?.bytesRead).toBe(client.socket.bytesWritten));
    server.closeIdleConnections();
    respond(late[0]!, "late");
    await client.receives("late", "node");
  });

  it("accepts a request whose body is still arriving", async () => {
    const { server, sockets } = await scene();
    const client = new Client(server);
    client.socket.write(post("/hot"));
    await client.receives("direct x");
    const read = sockets[0]!.bytesRead;
    const request = post("/hot", "12");
    client.socket.write(request.slice(0, -1));
    await eventually(() => expect(sockets[0]!.bytesRead).toBe(read + request.length - 1));
    server.closeIdleConnections();
    client.socket.write("2");
    await client.receives("direct x", "node");
  });

  it("accepts the first request of a connection", async () => {
    const { server } = await scene();
    const client = new Client(server);
    await eventually(async () => expect(await connections(server)).toBe(1));
    server.closeIdleConnections();
    client.socket.write(post("/hot"));
    await client.receives("node");
  });

  it("announces the end of a connection that was passed to Node's server", async () => {
    const { server, node } = await scene();
    const waiting: HotResponse[] = [];
    node.push((response) => void waiting.push(response));
    const client = new Client(server);
    client.socket.write(post("/other"));
    await eventually(() => expect(waiting.length).toBe(1));
    server.closeIdleConnections();
    respond(waiting[0]!, "node");
    await once(client.socket, "close");
    expect(client.bodies).toEqual(["node"]);
    expect(client.received).toContain("\r\nConnection: close\r\n");
  });

  it("closes all connections when told to", async () => {
    const { server, late } = await scene();
    const client = new Client(server);
    client.socket.write(post("/late"));
    await eventually(() => expect(late.length).toBe(1));
    server.closeAllConnections();
    await once(client.socket, "close");
  });
});

function bodyOf(response: string): string {
  return response.slice(response.indexOf("\r\n\r\n") + 4);
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
