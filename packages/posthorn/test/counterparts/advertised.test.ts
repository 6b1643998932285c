/** Servers that name other addresses in their protocol. Kafka's metadata, which clients must follow, is in the file of Kafka. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import rhea, { type EventContext } from "rhea";
import { Egress, parseAllowList } from "@posthorn/egress";
import { describe, expect, it } from "vitest";
import { vetWith } from "../../src/destinations/connections/vet.ts";
import { messageOf, openConnector, rejected } from "./support.ts";

const METADATA = "169.254.169.254";
const PRIVATE = "10.0.0.1";

/** A CONNACK or DISCONNECT packet of MQTT 5. @param reference Its property Server Reference. */
function mqttPacket(type: number, head: readonly number[], reference: string | null = null): Buffer {
  const text = Buffer.from(reference ?? "");
  const properties = reference === null ? [] : [0x1c, 0, text.length, ...text];
  const rest = [...head, properties.length, ...properties];
  return Buffer.from([type, rest.length, ...rest]);
}

type Config = Readonly<Record<string, unknown>>;

async function listen(stack: AsyncDisposableStack, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends one message, and returns the result with the hosts that the connector asked to dial. */
async function send(kind: string, config: Config) {
  await using stack = new AsyncDisposableStack();
  const egress = stack.use(new Egress({ allow: parseAllowList("loopback,external") }));
  const vet = vetWith(egress);
  const dialled: string[] = [];
  const connector = stack.use(
    openConnector({
      vet: (request) => {
        dialled.push(request.host);
        return vet(request);
      },
    }),
  );
  const results = [await connector.send(kind, config, messageOf(), { timeoutMs: 20_000 })];
  // A client could follow the address with the next connection.
  results.push(await connector.send(kind, config, messageOf(), { timeoutMs: 20_000 }));
  return { result: results[0]!, hosts: [...new Set(dialled)] };
}

describe("a server that names another address", () => {
  it("is not followed for NATS, neither to announced servers nor during a shutdown", async () => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      const urls = JSON.stringify([`${METADATA}:4222`, `${PRIVATE}:4222`, "localhost.example.com:4222"]);
      const info = (more: string): string =>
        `INFO {"server_id":"S","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576,"jetstream":true,"connect_urls":${urls}${more}}\r\n`;
      socket.write(info(""));
      socket.on("data", (chunk: Buffer) => {
        const text = chunk.toString("latin1");
        if (text.includes("PING")) socket.write("PONG\r\n");
        // Lame-duck mode asks clients to connect to another server.
        if (text.includes("PUB")) socket.end(info(',"ldm":true'));
      });
    });
    const { result, hosts } = await send("nats", { servers: `127.0.0.1:${port}`, subject: "s", tls: false });
    rejected(result, "retry", "connection_failed");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  it.each(["connection", "link"])("is not followed for AMQP 1.0, which redirects a %s", async (what) => {
    await using stack = new AsyncDisposableStack();
    const container = rhea.create_container({ id: "redirecting" });
    const info = { hostname: METADATA, "network-host": METADATA, port: 5672, address: "q" };
    container.on("connection_open", ({ connection }: EventContext) => {
      if (what !== "connection") return;
      connection.close({ condition: "amqp:connection:redirect", description: "elsewhere", info });
    });
    container.on("receiver_open", ({ receiver }: EventContext) => {
      receiver!.close({ condition: "amqp:link:redirect", description: "elsewhere", info });
    });
    container.on("error", () => undefined);
    container.on("disconnected", () => undefined);
    const server = container.listen({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    stack.defer(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { result, hosts } = await send("amqp", { url: `amqp://127.0.0.1:${port}`, address: "q" });
    expect(rejected(result, "closed", "target_not_found")).toContain("do not follow");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  it.each(["MOVED", "ASK"])("is not followed for Redis, whose cluster replies %s", async (word) => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      socket.on("data", (chunk: Buffer) => {
        const isPing = chunk.toString("latin1").toLowerCase().includes("ping");
        socket.write(isPing ? "+PONG\r\n" : `-${word} 3999 ${METADATA}:6379\r\n`);
      });
    });
    const { result, hosts } = await send("redis", { url: `redis://127.0.0.1:${port}`, stream: "s" });
    rejected(result, "closed", "target_not_found");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  it("is not followed for Redis if a sentinel responds instead of the server", async () => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      socket.on("data", (chunk: Buffer) => {
        const isPing = chunk.toString("latin1").toLowerCase().includes("ping");
        socket.write(isPing ? "+PONG\r\n" : "-ERR unknown command 'XADD', with args beginning with: 's'\r\n");
      });
    });
    const { result, hosts } = await send("redis", { url: `redis://127.0.0.1:${port}`, stream: "s" });
    rejected(result, "refused", "message_invalid");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  const packets = [
    ["when it connects", 0x9d],
    ["when it connects, for the time being", 0x9c],
  ] as const;
  it.each(packets)("is not followed for MQTT, which refers to another server %s", async (_when, reasonCode) => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      socket.once("data", () => socket.write(mqttPacket(0x20, [0, reasonCode], `${METADATA}:1883`)));
    });
    const { result, hosts } = await send("mqtt", { url: `mqtt://127.0.0.1:${port}`, topic: "t" });
    expect(rejected(result, "closed", "target_not_found")).toContain("do not follow");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  it("is not followed for MQTT, which refers to another server later", async () => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      socket.once("data", () => {
        socket.write(mqttPacket(0x20, [0, 0]));
        socket.once("data", () => socket.write(mqttPacket(0xe0, [0x9d], METADATA)));
      });
    });
    const { result, hosts } = await send("mqtt", { url: `mqtt://127.0.0.1:${port}`, topic: "t" });
    expect(rejected(result, "closed", "target_not_found")).toContain("do not follow");
    expect(hosts).toEqual(["127.0.0.1"]);
  });

  it("is not followed for SMTP, which forwards to another server", async () => {
    await using stack = new AsyncDisposableStack();
    const port = await listen(stack, (socket) => {
      socket.write("220 test ESMTP\r\n");
      socket.on("data", (chunk: Buffer) => {
        const isRecipient = chunk.toString().startsWith("RCPT");
        socket.write(isRecipient ? `551 5.1.6 User not local; please try <b@[${METADATA}]>\r\n` : "250 ok\r\n");
      });
    });
    const config = { host: "127.0.0.1", port, security: "none", from: "a@example.com", to: "b@example.com" };
    const { result, hosts } = await send("smtp", config);
    rejected(result, "closed", "target_not_found");
    expect(hosts).toEqual(["127.0.0.1"]);
  });
});
