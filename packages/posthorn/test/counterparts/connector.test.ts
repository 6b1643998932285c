import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Worker } from "node:worker_threads";
import { eventually } from "@posthorn/testkit";
import { isSkipped, startRedis } from "@posthorn/testkit/counterparts";
import { describe, expect, it, vi } from "vitest";
import { accepted, messageOf, openConnector, rejected } from "./support.ts";

interface FakeServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly Socket[];
}

async function fakeServer(onConnection: (socket: Socket) => void): Promise<FakeServer> {
  const connections: Socket[] = [];
  const server: Server = createServer((socket) => {
    connections.push(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A server that accepts connections and reads from them, so that it notices when they close, but never responds. */
const silentServer = (): Promise<FakeServer> => fakeServer((socket) => void socket.resume());

/** Sends data as fast as the client reads it. */
function flood(socket: Socket, start = Buffer.alloc(0)): void {
  const chunk = Buffer.alloc(65_536, 1);
  socket.write(start);
  const pump = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", pump);
  pump();
}

const KINDS_ON = (port: number): readonly (readonly [string, Readonly<Record<string, unknown>>])[] => [
  ["kafka", { brokers: `127.0.0.1:${port}`, topic: "t", tls: false }],
  ["rabbitMq", { uri: `amqp://u:p@127.0.0.1:${port}`, routingKey: "q" }],
  ["amqp", { url: `amqp://127.0.0.1:${port}`, address: "q" }],
  ["nats", { servers: `127.0.0.1:${port}`, subject: "s", tls: false }],
  ["redis", { url: `redis://127.0.0.1:${port}`, stream: "s" }],
  ["mqtt", { url: `mqtt://127.0.0.1:${port}`, topic: "t" }],
  ["postgres", { url: `postgres://127.0.0.1:${port}/d`, username: "u", password: "p", tableName: "t", tls: "disable" }],
  ["smtp", { host: "127.0.0.1", port, security: "none", from: "a@example.com", to: "b@example.com" }],
];
const NAMES = KINDS_ON(1).map(([name]) => name);
const onPort = (name: string, port: number) => KINDS_ON(port).find(([kind]) => kind === name)![1];

describe("the address guard of the connector thread", () => {
  it.each(NAMES)("blocks private addresses and the metadata service for %s", async (kind) => {
    await using server = await silentServer();
    await using connector = openConnector({}, "external");
    const sentence = rejected(
      await connector.send(kind, onPort(kind, server.port), messageOf()),
      "closed",
      "connection_failed",
    );
    expect(sentence).not.toContain("127.0.0.1");
    expect(server.connections).toEqual([]);
  });

  it.each(NAMES)("blocks ports that neither the kind nor the operator allows for %s", async (kind) => {
    await using connector = openConnector();
    // Telnet.
    rejected(await connector.send(kind, onPort(kind, 23), messageOf()), "closed", "connection_failed");
  });

  it("counts a resolver failure as Posthorn's own fault", async () => {
    const problem = {
      allowed: false,
      code: "dns_failed",
      sentence: "No.",
      detail: "resolver down",
      isOurs: true,
    } as const;
    await using connector = openConnector({ vet: () => Promise.resolve(problem) });
    const result = await connector.send("redis", onPort("redis", 6379), messageOf());
    expect(result).toEqual({ kind: "own_fault", code: "dns_failed", detail: "resolver down" });
  });
});

describe("a target that misbehaves", () => {
  it.each(NAMES)(
    "costs no more than the timeout for %s when it accepts connections but does not respond",
    async (kind) => {
      await using server = await silentServer();
      await using connector = openConnector();
      // Ended by the timer of this message: the server does not respond, and drivers give up later.
      const result = await connector.send(kind, onPort(kind, server.port), messageOf(), { timeoutMs: 400 });
      expect(result).toEqual({ kind: "timeout" });
      // The connection is closed as well.
      await eventually(() =>
        expect(server.connections.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true),
      );
    },
  );

  it.each(NAMES)("is disconnected for %s when it sends endless data", async (kind) => {
    // For Kafka: a response of 2 GiB. For others: a frame or line without end.
    const starts: Readonly<Record<string, Buffer<ArrayBuffer>>> = {
      kafka: Buffer.from("7fffffff00000000", "hex"),
      redis: Buffer.from("+"),
    };
    await using server = await fakeServer((socket) => flood(socket, starts[kind]));
    await using connector = openConnector({ heapMb: 128 });
    const before = process.memoryUsage().rss;
    const result = await connector.send(kind, onPort(kind, server.port), messageOf());
    expect(result).toMatchObject({ kind: "items", results: [{ kind: "retry" }] });
    await eventually(() => expect(server.connections.every((socket) => socket.destroyed)).toBe(true));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it.skipIf(isSkipped("redis"))("does not delay messages to other targets", async () => {
    await using redis = await startRedis();
    await using server = await silentServer();
    // The thread loads the clients of all kinds at once, during which it responds to no ping.
    await using connector = openConnector({ stuckMs: 120_000 });
    const good = { url: `redis://127.0.0.1:${redis.port}`, password: redis.password, stream: "s" };
    accepted(await connector.send("redis", good, messageOf()));
    const abort = new AbortController();
    const hanging = NAMES.flatMap((kind) =>
      Array.from({ length: 20 }, () =>
        connector.send(kind, onPort(kind, server.port), messageOf(), { signal: abort.signal }),
      ),
    );
    for (let n = 0; n < 50; n++) accepted(await connector.send("redis", good, messageOf()));
    abort.abort();
    // Some clients have their own timeouts, which a busy machine can reach.
    const outcomes = (await Promise.all(hanging)).map((result) =>
      result.kind === "items" ? result.results[0]!.kind : result.kind,
    );
    expect(outcomes.filter((outcome) => outcome !== "canceled" && outcome !== "retry")).toEqual([]);
  });
});

describe("the connector thread", () => {
  it("starts with the first message", async () => {
    await using server = await silentServer();
    await using connector = openConnector();
    const before = { isRunning: false, connections: {}, inFlight: {}, failures: 0, memoryBytes: 0 };
    expect(connector.connector.stats).toEqual(before);
    const abort = new AbortController();
    const sent = connector.send("redis", onPort("redis", server.port), messageOf(), { signal: abort.signal });
    expect(connector.connector.stats).toMatchObject({ isRunning: true, inFlight: { redis: 1 } });
    await eventually(() => {
      const { connections, memoryBytes } = connector.connector.stats;
      expect(connections).toEqual({ redis: 1 });
      expect(memoryBytes).toBeGreaterThan(1_000_000);
    });
    abort.abort();
    expect(await sent).toEqual({ kind: "canceled" });
    expect(connector.connector.stats.inFlight).toEqual({});
  });

  it("sends nothing that the caller no longer allows, also after a slow connection", async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<Socket>();
    await using server = await fakeServer((socket) => arrive(socket));
    await using connector = openConnector();
    const maySend = vi.fn<() => boolean>().mockReturnValueOnce(true).mockReturnValue(false);
    const sent = connector.send("redis", onPort("redis", server.port), messageOf(), { maySend });
    const socket = await arrived;
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => void received.push(chunk));
    await once(socket, "data");
    setTimeout(() => socket.write("+PONG\r\n"), 150);
    expect(await sent).toEqual({ kind: "canceled" });
    expect(maySend).toHaveBeenCalledTimes(2);
    expect(Buffer.concat(received).toString()).not.toContain("xadd");
    expect(server.connections).toHaveLength(1);
  });

  it("ends a canceled message at once", async () => {
    await using server = await silentServer();
    await using connector = openConnector();
    const abort = new AbortController();
    const sent = connector.send("redis", onPort("redis", server.port), messageOf(), { signal: abort.signal });
    await eventually(() => expect(server.connections).toHaveLength(1));
    abort.abort();
    expect(await sent).toEqual({ kind: "canceled" });
  });

  it("counts its own crash as Posthorn's fault, and starts again", async () => {
    await using server = await silentServer();
    const onError = vi.fn<(error: Error) => void>();
    // Too small a heap to load a client.
    await using connector = openConnector({ heapMb: 4, onError });
    const result = await connector.send("kafka", onPort("kafka", server.port), messageOf());
    expect(result).toMatchObject({ kind: "own_fault", code: "connector_down" });
    expect(onError).toHaveBeenCalledTimes(1);
    expect(connector.connector.stats).toMatchObject({ isRunning: false, inFlight: {}, failures: 1, memoryBytes: 0 });
    const next = await connector.send("redis", onPort("redis", server.port), messageOf());
    expect(next).toMatchObject({ kind: "own_fault", code: "connector_down" });
    await eventually(async () => {
      const again = await connector.send("redis", onPort("redis", server.port), messageOf(), { timeoutMs: 300 });
      expect(onError.mock.calls.length > 1 || again.kind === "timeout").toBe(true);
    });
  });

  it("limits the connections of one application and closes the least recently used one", async () => {
    await using server = await silentServer();
    await using connector = openConnector({ maxLinksPerTenant: 2 });
    const abort = new AbortController();
    const to = (stream: string, tenant: number) =>
      connector.send("redis", { ...onPort("redis", server.port), stream }, messageOf(), {
        signal: abort.signal,
        tenant,
      });
    const busy = [to("a", 1), to("b", 1)];
    await eventually(() => expect(server.connections).toHaveLength(2));
    expect(await to("c", 1)).toMatchObject({ kind: "own_fault", code: "no_connections" });
    const other = to("c", 2);
    await eventually(() => expect(server.connections).toHaveLength(3));
    abort.abort();
    for (const result of await Promise.all([...busy, other])) expect(result).toEqual({ kind: "canceled" });
  });
});

describe.skipIf(isSkipped("redis"))("a connection", () => {
  it("is opened again by the next thread when its thread ends, and no message counts as sent", async () => {
    await using redis = await startRedis();
    const onError = vi.fn<(error: Error) => void>();
    await using connector = openConnector({ onError });
    const started = Promise.withResolvers<Worker>();
    process.once("worker", started.resolve);
    const config = { url: `redis://127.0.0.1:${redis.port}`, password: redis.password, stream: "s" };
    accepted(await connector.send("redis", config, messageOf()));
    redis.program.freeze();
    const waiting = Array.from({ length: 20 }, () => connector.send("redis", config, messageOf()));
    await (await started.promise).terminate();
    redis.program.unfreeze();
    for (const result of await Promise.all(waiting)) {
      expect(result).toMatchObject({ kind: "own_fault", code: "connector_down" });
    }
    expect(onError).toHaveBeenCalledTimes(1);
    await eventually(async () => accepted(await connector.send("redis", config, messageOf())));
    expect(connector.connector.stats).toMatchObject({ isRunning: true, connections: { redis: 1 }, failures: 1 });
  });

  it("is kept for later messages, and closed after some idle time", async () => {
    await using redis = await startRedis();
    await using connector = openConnector({ idleMs: 300 });
    const config = { url: `redis://127.0.0.1:${redis.port}`, password: redis.password, stream: "s" };
    const first = await connector.send("redis", config, messageOf());
    const second = await connector.send("redis", config, messageOf());
    expect(first).toMatchObject({ facts: { connectMs: expect.any(Number), peer: `127.0.0.1:${redis.port}` } });
    expect(second).toMatchObject({ facts: { connectMs: null } });
    expect(connector.connector.stats.connections).toEqual({ redis: 1 });
    await eventually(() => expect(connector.connector.stats.connections).toEqual({}));
  });
});
