/** The brokers, databases and mail servers of the kill tests, each with a function that reads all its messages. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin, Consumer } from "@platformatic/kafka";
import { createDatabase, sharedPostgres } from "@posthorn/testkit";
import {
  startKafka,
  startMailpit,
  startMosquitto,
  startNats,
  startRabbitMq,
  startRedis,
  type TestProgram,
} from "@posthorn/testkit/counterparts";
import { connect as connectRabbitMq } from "amqplib";
import { Redis } from "ioredis";
import { connectAsync as connectMqtt } from "mqtt";
import pg from "pg";
import type { Counterpart } from "./run.ts";

export type OpenCounterpart = (stack: AsyncDisposableStack) => Promise<Counterpart>;

function faultsOf(program: TestProgram): Required<Pick<Counterpart, "kill" | "freeze" | "unfreeze">> {
  return {
    kill: async () => {
      await program.kill();
      await program.start();
    },
    freeze: () => program.freeze(),
    unfreeze: () => program.unfreeze(),
  };
}

/** Opens a reader when it is first needed, because an open one would lose messages when the broker is killed. */
function lazily(open: () => Promise<readonly string[]>): () => Promise<readonly string[]> {
  let opened: Promise<readonly string[]> | null = null;
  return () => (opened ??= open());
}

const openKafka: OpenCounterpart = async (stack) => {
  const { plain, program } = stack.use(await startKafka());
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [plain] });
  await admin.createTopics({ topics: ["events"] });
  await admin.close();
  const ids = lazily(async () => {
    const consumer = new Consumer({ clientId: "test", groupId: "g", bootstrapBrokers: [plain] });
    stack.defer(() => consumer.close(true));
    const found: string[] = [];
    const stream = await consumer.consume({
      topics: ["events"],
      mode: "earliest",
      autocommit: false,
      maxWaitTime: 100,
    });
    stream.on("data", ({ headers }) => {
      for (const [name, value] of headers) if (name.toString() === "webhook-id") found.push(value.toString());
    });
    return found;
  });
  const config = { brokers: plain, topic: "events", tls: false };
  return { name: "kafka", sinks: [{ kind: "kafka", config, isExactlyOnce: false, ids }], ...faultsOf(program) };
};

const openRabbitMq: OpenCounterpart = async (stack) => {
  const { url, port, program } = stack.use(await startRabbitMq());
  const connect = async () => {
    const connection = await connectRabbitMq(url);
    connection.on("error", () => undefined);
    return connection;
  };
  const creating = await connect();
  const channel = await creating.createChannel();
  for (const queue of ["events", "events-1.0"]) await channel.assertQueue(queue, { durable: true });
  await creating.close();
  const idsOf = (queue: string) =>
    lazily(async () => {
      const connection = await connect();
      stack.defer(() => connection.close());
      const found: string[] = [];
      const reading = await connection.createChannel();
      await reading.consume(queue, (message) => void found.push(String(message?.properties.messageId)), {
        noAck: true,
      });
      return found;
    });
  const over10 = {
    url: `amqp://127.0.0.1:${port}`,
    address: "/amq/queue/events-1.0",
    username: "guest",
    password: "guest",
  };
  const over09 = { uri: url, routingKey: "events" };
  return {
    name: "rabbitmq",
    sinks: [
      { kind: "rabbitMq", config: over09, isExactlyOnce: false, ids: idsOf("events") },
      { kind: "amqp", config: over10, isExactlyOnce: false, ids: idsOf("events-1.0") },
    ],
    ...faultsOf(program),
  };
};

const openNats: OpenCounterpart = async (stack) => {
  const { port, program } = stack.use(await startNats());
  const open = async () => {
    const connection = await connectNats({ servers: `127.0.0.1:${port}` });
    return { connection, manager: await jetstreamManager(connection) };
  };
  const creating = await open();
  await creating.manager.streams.add({ name: "events", subjects: ["events"], duplicate_window: 3_600_000_000_000 });
  await creating.connection.close();
  const ids = async (): Promise<readonly string[]> => {
    const { connection, manager } = await open();
    try {
      const { messages } = (await manager.streams.info("events")).state;
      const found: string[] = [];
      for (let seq = 1; seq <= messages; seq++) {
        found.push((await manager.streams.getMessage("events", { seq }))!.header.get("webhook-id"));
      }
      return found;
    } finally {
      await connection.close();
    }
  };
  const config = { servers: `127.0.0.1:${port}`, subject: "events", tls: false };
  return { name: "nats", sinks: [{ kind: "nats", config, isExactlyOnce: true, ids }], ...faultsOf(program) };
};

const openRedis: OpenCounterpart = async (stack) => {
  const { port, password, program } = stack.use(await startRedis());
  const ids = async (): Promise<readonly string[]> => {
    const client = new Redis({ host: "127.0.0.1", port, password });
    try {
      return (await client.xrange("events", "-", "+")).map(([, fields]) => fields[1]!);
    } finally {
      client.disconnect();
    }
  };
  const config = { url: `redis://127.0.0.1:${port}`, password, stream: "events" };
  return { name: "redis", sinks: [{ kind: "redis", config, isExactlyOnce: false, ids }], ...faultsOf(program) };
};

/**
 * Mosquitto confirms messages before they are on its disk. It is killed while it is frozen. By then, it has passed the confirmed messages
 * to the consumer.
 */
const openMqtt: OpenCounterpart = async (stack) => {
  const { port, program } = stack.use(await startMosquitto());
  const client = await connectMqtt(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    clean: false,
    clientId: "consumer",
    properties: { sessionExpiryInterval: 36_000 },
  });
  stack.defer(() => client.endAsync(true));
  client.on("error", () => undefined);
  const found: string[] = [];
  client.on(
    "message",
    (_topic, _payload, { properties }) => void found.push(String(properties?.userProperties?.["webhook-id"])),
  );
  await client.subscribeAsync("events", { qos: 1 });
  const config = { url: `mqtt://127.0.0.1:${port}`, topic: "events" };
  const ids = () => Promise.resolve(found);
  const sinks = [{ kind: "mqtt", config, isExactlyOnce: false, ids }];
  return { name: "mosquitto", sinks, ...faultsOf(program) };
};

const openMailpit: OpenCounterpart = async (stack) => {
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
  const sinks = [{ kind: "smtp", config, isExactlyOnce: false, ids }];
  return { name: "mailpit", sinks, ...faultsOf(mailpit.program) };
};

/** The server is shared with other tests, so its sessions are ended instead of the server. */
const openPostgres: OpenCounterpart = async (stack) => {
  const url = new URL((await createDatabase(await sharedPostgres())).url);
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  stack.defer(() => pool.end());
  // Without a primary key, only the clause of the insert and the other constraint keep it at one row.
  await pool.query(`CREATE TABLE events (id text UNIQUE, event_type text, event_id text, created_at timestamptz,
    content_type text, headers jsonb, payload bytea)`);
  const ids = async (): Promise<readonly string[]> =>
    (await pool.query<{ id: string }>("SELECT id FROM events")).rows.map(({ id }) => id);
  const kill = async (): Promise<void> => {
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
  };
  const config = {
    url: `postgres://127.0.0.1:${url.port}${url.pathname}`,
    username: "postgres",
    tableName: "events",
    tls: "disable",
  };
  return { name: "postgres", sinks: [{ kind: "postgres", config, isExactlyOnce: true, ids }], kill };
};

/** Keyed by the names with which counterparts can be skipped. */
export const BROKERS: Readonly<Record<string, OpenCounterpart>> = {
  kafka: openKafka,
  rabbitmq: openRabbitMq,
  nats: openNats,
  redis: openRedis,
  mosquitto: openMqtt,
  mailpit: openMailpit,
  postgres: openPostgres,
};
