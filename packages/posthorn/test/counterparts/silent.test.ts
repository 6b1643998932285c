/** Brokers that accept connections and never respond, along with one that works, on a running server. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import { isSkipped, startRedis } from "@posthorn/testkit/counterparts";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";

const MESSAGES = 300;
/** Limit above the memory for the same messages without unresponsive targets, with room for the clients. */
const MAX_GROWTH_MB = 250;

const silentKinds = (port: number): readonly (readonly [string, object])[] => [
  ["kafka", { brokers: `127.0.0.1:${port}`, topic: "t", tls: false }],
  ["rabbitMq", { uri: `amqp://u:p@127.0.0.1:${port}`, routingKey: "q" }],
  ["amqp", { url: `amqp://127.0.0.1:${port}`, address: "q" }],
  ["nats", { servers: `127.0.0.1:${port}`, subject: "s", tls: false }],
  ["redis", { url: `redis://127.0.0.1:${port}`, stream: "s" }],
  ["mqtt", { url: `mqtt://127.0.0.1:${port}`, topic: "t" }],
  ["postgres", { url: `postgres://127.0.0.1:${port}/d`, username: "u", password: "p", tableName: "t", tls: "disable" }],
  ["smtp", { host: "127.0.0.1", port, security: "none", from: "a@example.com", to: "b@example.com" }],
];

async function silentServer(stack: AsyncDisposableStack): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function call(server: TestServer, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function residentMb({ pid }: TestServer): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

describe.skipIf(isSkipped("redis"))("brokers of every kind that accept connections and never respond", () => {
  it("do not delay messages to others, time out, and use a limited amount of memory", async () => {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const port = await silentServer(stack);
    const env = { POSTHORN_REQUEST_TIMEOUT: "2", POSTHORN_RETRY_SCHEDULE: "1,1" };
    const server = stack.use(await startServer({ env }));
    const client = new Redis({ host: "127.0.0.1", port: redis.port, password: redis.password });
    stack.defer(() => client.disconnect());
    const { id: app } = await call(server, "POST", "/app", { name: "silent" });
    const endpoint = async (kind: string, config: object): Promise<string> =>
      (await call(server, "POST", `/app/${app as string}/endpoint`, { kind, config }))["id"] as string;
    const publish = async (): Promise<string> => {
      const body = { eventType: "invoice.paid", payload: { text: "a".repeat(2000) } };
      return (await call(server, "POST", `/app/${app as string}/msg`, body))["id"] as string;
    };
    await endpoint("redis", { url: `redis://127.0.0.1:${redis.port}`, password: redis.password, stream: "s" });
    await publish();
    await eventually(async () => expect(await client.xlen("s")).toBe(1));
    const before = residentMb(server);

    const silent = await Promise.all(silentKinds(port).map(([kind, config]) => endpoint(kind, config)));
    const published = new Set<string>();
    while (published.size < MESSAGES) published.add(await publish());
    await eventually(async () => {
      const stored = await client.xrange("s", "-", "+");
      const ids = new Set(stored.map(([, fields]) => fields[1]!));
      expect([...published].filter((id) => !ids.has(id))).toEqual([]);
    });
    for (const id of silent) {
      await eventually(async () => {
        const { data } = await call(server, "GET", `/app/${app as string}/attempt/endpoint/${id}?limit=1`);
        expect(data).toMatchObject([{ status: 2, responseStatusCode: 0 }]);
      });
      const { data } = await call(server, "GET", `/app/${app as string}/attempt/endpoint/${id}?limit=1&status=0`);
      expect(data).toEqual([]);
    }
    expect(residentMb(server) - before).toBeLessThan(MAX_GROWTH_MB);
  });
});
