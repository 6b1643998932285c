/** Sources whose brokers are not allowed, name other addresses, do not respond, or send endless data. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { eventually, freePort } from "@posthorn/testkit";
import { isSkipped, startNats } from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import rhea, { type EventContext } from "rhea";
import { describe, expect, it } from "vitest";
import { openListener } from "./listening.ts";

const METADATA = "169.254.169.254";
const MAX_GROWTH_BYTES = 250 * 1024 * 1024;

const configOn = (port: number): Readonly<Record<string, Readonly<Record<string, unknown>>>> => ({
  kafka: { brokers: `127.0.0.1:${port}`, topics: "t", tls: false },
  rabbitMq: { uri: `amqp://u:p@127.0.0.1:${port}`, queue: "q" },
  amqp: { url: `amqp://127.0.0.1:${port}`, address: "q" },
  nats: { servers: `127.0.0.1:${port}`, stream: "S", tls: false },
  redis: { url: `redis://127.0.0.1:${port}`, stream: "s" },
  mqtt: { url: `mqtt://127.0.0.1:${port}`, topics: "t" },
  imap: { host: "127.0.0.1", port, security: "none", username: "u", password: "p" },
});
const KINDS = Object.keys(configOn(1));
const on = (kind: string, port: number) => configOn(port)[kind]!;

interface FakeBroker extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly Socket[];
}

async function startBroker(onConnection: (socket: Socket) => void): Promise<FakeBroker> {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
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

describe("a source of a broker", () => {
  it.each(KINDS)("dials no private address that the rules do not allow (%s)", async (kind) => {
    await using broker = await startBroker((socket) => void socket.resume());
    await using listener = openListener("external");
    const { result } = await listener.listen(kind, on(kind, broker.port));
    expect(result).toMatchObject({ kind: "failed", failure: { code: "address_refused" } });
    expect(broker.connections).toEqual([]);
  });

  it.each(KINDS)("dials no port that neither the kind nor the operator allows (%s)", async (kind) => {
    await using listener = openListener("");
    // Telnet.
    const { result } = await listener.listen(kind, on(kind, 23));
    expect(result).toMatchObject({ kind: "failed", failure: { code: "address_refused" } });
  });

  it.each(KINDS)("is stopped at once although its broker does not respond (%s)", async (kind) => {
    await using broker = await startBroker((socket) => void socket.resume());
    await using listener = openListener("loopback");
    const abort = new AbortController();
    const listening = listener.listen(kind, on(kind, broker.port), abort.signal);
    await eventually(() => expect(broker.connections.length).toBeGreaterThan(0));
    abort.abort();
    expect(await listening).toMatchObject({ result: { kind: "canceled" }, isConnected: false });
    await eventually(() => expect(broker.connections.every(isOver)).toBe(true));
  });

  it.each(KINDS)("is disconnected with limited memory when its broker sends endless data (%s)", async (kind) => {
    const starts: Readonly<Record<string, Buffer>> = {
      kafka: Buffer.from("7fffffff00000000", "hex"),
      redis: Buffer.from("+"),
      imap: Buffer.from("* OK "),
      // The longest PUBLISH that the protocol allows.
      mqtt: Buffer.from("30ffffff7f", "hex"),
    };
    const chunk = Buffer.alloc(65_536, 1);
    await using broker = await startBroker((socket) => {
      socket.write(starts[kind] ?? Buffer.alloc(0));
      const pump = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", pump);
      pump();
    });
    await using listener = openListener("loopback");
    const before = process.memoryUsage().rss;
    const { result } = await listener.listen(kind, on(kind, broker.port));
    expect(result.kind).toBe("failed");
    await eventually(() => expect(broker.connections.every(isOver)).toBe(true));
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
  });
});

function isOver({ destroyed, readableEnded }: Socket): boolean {
  return destroyed || readableEnded;
}

/** The INFO message that a server sends when a client connects. */
async function greeting(port: number): Promise<string> {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return chunk.toString();
}

describe("a source of a broker that names another address", () => {
  it.skipIf(isSkipped("nats"))("does not follow the gossip of a NATS cluster when its server is gone", async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    const clusterOf = (name: string, at: number, route: number): string =>
      `server_name: ${name}\ncluster { name: c, listen: "127.0.0.1:${at}", routes: ["nats://127.0.0.1:${route}"] }`;
    await using broker = await startNats(clusterOf("a", port, otherPort));
    await using other = await startNats(`${clusterOf("b", otherPort, port)}\nclient_advertise: "${METADATA}:4222"`);
    expect(other.port).not.toBe(broker.port);
    await eventually(async () => expect(await greeting(broker.port)).toContain(`"${METADATA}:4222"`));
    const connection = await connectNats({ servers: `127.0.0.1:${broker.port}`, ignoreClusterUpdates: true });
    // The two servers agree on a leader first.
    await eventually(async () => (await jetstreamManager(connection)).streams.add({ name: "S", subjects: ["s"] }), {
      timeoutMs: 60_000,
    });
    await connection.close();
    await using listener = openListener("loopback,external");
    const config = on("nats", broker.port);
    expect(await listener.listen("nats", config)).toMatchObject({ isConnected: true });
    const abort = new AbortController();
    const listening = listener.listen("nats", config, abort.signal);
    await eventually(async () => {
      const client = await connectNats({ servers: `127.0.0.1:${broker.port}`, ignoreClusterUpdates: true });
      const consumers = await (await jetstreamManager(client)).consumers.list("S").next();
      await client.close();
      expect(consumers).toHaveLength(1);
    });
    await broker.program.kill();
    expect((await listening).result).toMatchObject({ kind: "failed", failure: { code: "connection_failed" } });
    expect(listener.hosts).toEqual(["127.0.0.1"]);
  });

  it.each(["connection", "link"])("does not follow AMQP 1.0, which redirects a %s", async (what) => {
    const container = rhea.create_container({ id: "redirecting" });
    const info = { hostname: METADATA, "network-host": METADATA, port: 5672, address: "q" };
    container.on("connection_open", ({ connection }: EventContext) => {
      if (what === "connection") connection.close({ condition: "amqp:connection:redirect", description: "away", info });
    });
    container.on("sender_open", ({ sender }: EventContext) => {
      if (what === "link") sender!.close({ condition: "amqp:link:redirect", description: "away", info });
    });
    container.on("error", () => undefined);
    container.on("disconnected", () => undefined);
    const server = container.listen({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    try {
      await using listener = openListener("loopback,external");
      const config = on("amqp", (server.address() as AddressInfo).port);
      for (let attempt = 0; attempt < 2; attempt++) {
        const { result } = await listener.listen("amqp", config, AbortSignal.timeout(20_000));
        expect(result).toMatchObject({ kind: "failed", failure: { code: "target_not_found" } });
      }
      expect(listener.hosts).toEqual(["127.0.0.1"]);
    } finally {
      server.close();
    }
  });

  it.each(["MOVED", "ASK"])("does not follow Redis, whose cluster replies %s", async (word) => {
    await using broker = await startBroker((socket) => {
      socket.on("data", (chunk: Buffer) => {
        const isGreeting = /ping|client|info|hello/i.test(chunk.toString("latin1"));
        socket.write(isGreeting ? "+PONG\r\n" : `-${word} 3999 ${METADATA}:6379\r\n`);
      });
    });
    await using listener = openListener("loopback,external");
    for (let attempt = 0; attempt < 2; attempt++) {
      const { result } = await listener.listen("redis", on("redis", broker.port), AbortSignal.timeout(20_000));
      expect(result).toMatchObject({ kind: "failed", failure: { code: "target_not_found" } });
    }
    expect(listener.hosts).toEqual(["127.0.0.1"]);
  });

  it("does not follow MQTT, which refers to another server", async () => {
    const reference = Buffer.from(`${METADATA}:1883`);
    const properties = [0x1c, 0, reference.length, ...reference];
    // CONNACK with the reason "use another server".
    const connack = Buffer.from([0x20, 3 + properties.length, 0, 0x9d, properties.length, ...properties]);
    await using broker = await startBroker((socket) => void socket.once("data", () => socket.write(connack)));
    await using listener = openListener("loopback,external");
    for (let attempt = 0; attempt < 2; attempt++) {
      const { result } = await listener.listen("mqtt", on("mqtt", broker.port));
      expect(result).toMatchObject({ kind: "failed", failure: { code: "target_not_found" } });
    }
    expect(listener.hosts).toEqual(["127.0.0.1"]);
  });
});
