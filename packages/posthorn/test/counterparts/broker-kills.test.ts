import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin, Consumer } from "@platformatic/kafka";
import { createDatabase, eventually, sharedPostgres, startServer, type TestServer } from "@posthorn/testkit";
import {
  isSkipped,
  startKafka,
  startMailpit,
  startMosquitto,
  startNats,
  startRabbitMq,
  startRedis,
} from "@posthorn/testkit/counterparts";
import { connect as connectRabbitMq } from "amqplib";
import { Redis } from "ioredis";
import { connectAsync as connectMqtt } from "mqtt";
import pg from "pg";
import { expect, it } from "vitest";

/** The nightly run sets a larger number. */
const KILLS = Number(process.env["POSTHORN_TEST_KILLS"] ?? 10);
const PUBLISHERS = 4;
const MAX_LIFE_MS = 900;
const MESSAGES_A_LIFE = 60;

/** A broker with the IDs of the messages that it has, in any order, each as often as it has it. */
interface Sink {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly isExactlyOnce: boolean;
  ids(): Promise<readonly string[]>;
}

type Open = (stack: AsyncDisposableStack) => Promise<readonly Sink[]>;

const openKafka: Open = async (stack) => {
  const { plain } = stack.use(await startKafka());
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [plain] });
  await admin.createTopics({ topics: ["events"] });
  await admin.close();
  const consumer = new Consumer({ clientId: "test", groupId: "g", bootstrapBrokers: [plain] });
  const ids: string[] = [];
  const stream = await consumer.consume({ topics: ["events"], mode: "earliest", autocommit: false, maxWaitTime: 100 });
  stream.on("data", ({ headers }) => {
    for (const [name, value] of headers) if (name.toString() === "webhook-id") ids.push(value.toString());
  });
  stack.defer(() => consumer.close(true));
  const config = { brokers: plain, topic: "events", tls: false };
  return [{ kind: "kafka", config, isExactlyOnce: false, ids: () => Promise.resolve(ids) }];
};

const openRabbitMq: Open = async (stack) => {
  const { url, port } = stack.use(await startRabbitMq());
  const connection = await connectRabbitMq(url);
  connection.on("error", () => undefined);
  stack.defer(() => connection.close());
  const channel = await connection.createChannel();
  const consume = async (queue: string): Promise<readonly string[]> => {
    await channel.assertQueue(queue, { durable: true });
    const ids: string[] = [];
    await channel.consume(queue, (message) => void ids.push(String(message?.properties.messageId)), { noAck: true });
    return ids;
  };
  const [old, current] = [await consume("events"), await consume("events-1.0")];
  const over10 = {
    url: `amqp://127.0.0.1:${port}`,
    address: "/amq/queue/events-1.0",
    username: "guest",
    password: "guest",
  };
  return [
    {
      kind: "rabbitMq",
      config: { uri: url, routingKey: "events" },
      isExactlyOnce: false,
      ids: () => Promise.resolve(old),
    },
    { kind: "amqp", config: over10, isExactlyOnce: false, ids: () => Promise.resolve(current) },
  ];
};

const openNats: Open = async (stack) => {
  const { port } = stack.use(await startNats());
  const connection = await connectNats({ servers: `127.0.0.1:${port}` });
  stack.defer(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "events", subjects: ["events"], duplicate_window: 3_600_000_000_000 });
  const ids = async (): Promise<readonly string[]> => {
    const { messages } = (await manager.streams.info("events")).state;
    const found: string[] = [];
    for (let seq = 1; seq <= messages; seq++) {
      found.push((await manager.streams.getMessage("events", { seq }))!.header.get("webhook-id"));
    }
    return found;
  };
  return [
    { kind: "nats", config: { servers: `127.0.0.1:${port}`, subject: "events", tls: false }, isExactlyOnce: true, ids },
  ];
};

const openRedis: Open = async (stack) => {
  const { port, password } = stack.use(await startRedis());
  const client = new Redis({ host: "127.0.0.1", port, password });
  stack.defer(() => client.disconnect());
  const ids = async (): Promise<readonly string[]> =>
    (await client.xrange("events", "-", "+")).map(([, fields]) => fields[1]!);
  const config = { url: `redis://127.0.0.1:${port}`, password, stream: "events" };
  return [{ kind: "redis", config, isExactlyOnce: false, ids }];
};

const openMqtt: Open = async (stack) => {
  const { port } = stack.use(await startMosquitto());
  const client = await connectMqtt(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
  stack.defer(() => client.endAsync(true));
  const ids: string[] = [];
  client.on(
    "message",
    (_topic, _payload, { properties }) => void ids.push(String(properties?.userProperties?.["webhook-id"])),
  );
  await client.subscribeAsync("events", { qos: 1 });
  return [
    {
      kind: "mqtt",
      config: { url: `mqtt://127.0.0.1:${port}`, topic: "events" },
      isExactlyOnce: false,
      ids: () => Promise.resolve(ids),
    },
  ];
};

const openMailpit: Open = async (stack) => {
  const mailpit = stack.use(await startMailpit());
  const config = {
    host: "127.0.0.1",
    port: mailpit.smtpPort,
    security: "none",
    from: "a@example.com",
    to: "b@example.com",
  };
  const ids = async (): Promise<readonly string[]> =>
    (await mailpit.mails()).map(({ MessageID }) => MessageID.split("@")[0]!);
  return [{ kind: "smtp", config, isExactlyOnce: false, ids }];
};

const openPostgres: Open = async (stack) => {
  const url = new URL((await createDatabase(await sharedPostgres())).url);
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  stack.defer(() => pool.end());
  // Without a primary key, only the clause of the insert and the other constraint keep it at one row.
  await pool.query(`CREATE TABLE events (id text UNIQUE, event_type text, event_id text, created_at timestamptz,
    content_type text, headers jsonb, payload bytea)`);
  const ids = async (): Promise<readonly string[]> =>
    (await pool.query<{ id: string }>("SELECT id FROM events")).rows.map(({ id }) => id);
  const config = {
    url: `postgres://127.0.0.1:${url.port}${url.pathname}`,
    username: "postgres",
    tableName: "events",
    tls: "disable",
  };
  return [{ kind: "postgres", config, isExactlyOnce: true, ids }];
};

const COUNTERPARTS: Readonly<Record<string, Open>> = {
  kafka: openKafka,
  rabbitmq: openRabbitMq,
  nats: openNats,
  redis: openRedis,
  mosquitto: openMqtt,
  mailpit: openMailpit,
  postgres: openPostgres,
};

async function openSinks(stack: AsyncDisposableStack): Promise<readonly Sink[]> {
  const wanted = Object.entries(COUNTERPARTS).filter(([name]) => !isSkipped(name));
  return (await Promise.all(wanted.map(([, open]) => open(stack)))).flat();
}

async function call(server: TestServer, path: string, body: unknown): Promise<{ readonly id: string }> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as { readonly id: string };
}

/** Publishes until the server is killed. */
async function publish(server: TestServer, app: string, accepted: Set<string>): Promise<void> {
  try {
    for (let n = 0; n < MESSAGES_A_LIFE / PUBLISHERS; n++) {
      const { id } = await call(server, `/app/${app}/msg`, { eventType: "invoice.paid", payload: { n } });
      accepted.add(id);
    }
  } catch {
    // Messages without a response may have been accepted or not.
  }
}

it(
  `delivers every accepted message to every broker although it is killed ${KILLS} times`,
  { timeout: 300_000 + KILLS * 30_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const sinks = await openSinks(stack);
    const server = stack.use(
      await startServer({ env: { POSTHORN_RETRY_SCHEDULE: Array.from({ length: 40 }, () => "1").join(",") } }),
    );
    const { id: app } = await call(server, "/app", { name: "kills" });
    for (const { kind, config } of sinks) await call(server, `/app/${app}/endpoint`, { kind, config });
    const accepted = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const publishers = Array.from({ length: PUBLISHERS }, () => publish(server, app, accepted));
      await delay(randomInt(MAX_LIFE_MS));
      await server.kill();
      await Promise.all(publishers);
      await server.restart();
    }
    await Promise.all(Array.from({ length: PUBLISHERS }, () => publish(server, app, accepted)));

    const duplicates: string[] = [];
    for (const { kind, isExactlyOnce, ids } of sinks) {
      const found = await eventually(
        async () => {
          const all = await ids();
          const distinct = new Set(all);
          expect(
            [...accepted].filter((id) => !distinct.has(id)),
            `lost on the way to ${kind}`,
          ).toEqual([]);
          return all;
        },
        { timeoutMs: 120_000, intervalMs: 500 },
      );
      const repeated = found.length - new Set(found).size;
      duplicates.push(`${kind} ${repeated}`);
      expect(isExactlyOnce ? repeated : 0, `repeated at ${kind}`).toBe(0);
    }
    expect(accepted.size).toBeGreaterThan(KILLS);
    process.stdout.write(`${KILLS} kills, ${accepted.size} messages accepted; repeated: ${duplicates.join(", ")}\n`);
  },
);
