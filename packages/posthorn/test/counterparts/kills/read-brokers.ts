/** The brokers of the kill tests of sources, each with functions that publish, and count the remaining messages. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin, Consumer, Producer } from "@platformatic/kafka";
import { freePort } from "@posthorn/testkit";
import {
  DOVECOT_PASSWORD,
  startDovecot,
  startKafka,
  startMosquitto,
  startMoto,
  startNats,
  startRabbitMq,
  startRedis,
} from "@posthorn/testkit/counterparts";
import { connect as connectRabbitMq } from "amqplib";
import { ImapFlow } from "imapflow";
import { Redis } from "ioredis";
import { connect as connectMqttNow, connectAsync as connectMqtt } from "mqtt";
import { startPubSub } from "../../sources/pub-sub.ts";
import { sendRaw } from "../../sources/smtp-client.ts";
import { AwsClient, awsConfig } from "../aws-client.ts";
import type { OpenReadBroker, ReadBroker } from "./source-run.ts";

/** Time after which the Pub/Sub stand-in delivers an unacknowledged message again. */
const LEASE_MS = 2000;

const bodyOf = (n: number): Buffer => Buffer.from(`{"n":${n}}`);

const openMosquitto: OpenReadBroker = async (stack) => {
  const broker = stack.use(await startMosquitto());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const client = await connectMqtt(url, { protocolVersion: 5, reconnectPeriod: 100 });
  stack.defer(() => client.endAsync(true));
  client.on("error", () => undefined);
  const session = {
    protocolVersion: 5,
    clientId: "reader",
    clean: false,
    reconnectPeriod: 0,
    properties: { sessionExpiryInterval: 3600 },
  } as const;
  return [
    {
      kind: "mqtt",
      config: { url, topics: "events/#", idProperty: "id", clientId: session.clientId },
      isExactlyOnce: true,
      publish: async (numbers) => {
        for (const n of numbers) {
          const properties = { userProperties: { id: String(n) } };
          await client.publishAsync("events/a", bodyOf(n), { qos: 1, properties });
        }
      },
      // Takes over the session, so that the broker sends unacknowledged messages.
      left: async () => {
        let count = 0;
        const reader = connectMqttNow(url, { ...session, customHandleAcks: () => void count++ });
        await delay(500);
        await reader.endAsync(true);
        return count;
      },
    },
  ];
};

const openRabbitMq: OpenReadBroker = async (stack) => {
  const { url, port } = stack.use(await startRabbitMq());
  const connection = await connectRabbitMq(url);
  stack.defer(() => connection.close());
  const channel = await connection.createConfirmChannel();
  const over10 = { url: `amqp://127.0.0.1:${port}`, username: "guest", password: "guest" };
  return Promise.all(
    [
      { kind: "rabbitMq", queue: "in", config: { uri: url, queue: "in" } },
      { kind: "amqp", queue: "in-1.0", config: { ...over10, address: "/amq/queue/in-1.0" } },
    ].map(async ({ kind, queue, config }) => {
      await channel.assertQueue(queue, { durable: true });
      return {
        kind,
        config,
        isExactlyOnce: true,
        publish: async (numbers: readonly number[]) => {
          for (const n of numbers) {
            channel.sendToQueue(queue, bodyOf(n), {
              messageId: `m${n}`,
              persistent: true,
              contentType: "application/json",
            });
          }
          await channel.waitForConfirms();
        },
        left: async () => {
          // Without the source, so that messages that it has not acknowledged are counted as well.
          await delay(300);
          return (await channel.checkQueue(queue)).messageCount;
        },
      };
    }),
  );
};

const openKafka: OpenReadBroker = async (stack) => {
  const { plain } = stack.use(await startKafka());
  const base = { clientId: "test", bootstrapBrokers: [plain] };
  const admin = new Admin(base);
  stack.defer(() => admin.close());
  await admin.createTopics({ topics: ["in"], partitions: 3 });
  const producer = new Producer(base);
  stack.defer(() => producer.close(true));
  const groupId = "posthorn-kills";
  return [
    {
      kind: "kafka",
      config: { brokers: plain, topics: "in", tls: false, groupId },
      isExactlyOnce: true,
      publish: async (numbers) => {
        const messages = numbers.map((n) => ({ topic: "in", key: Buffer.from(`k${n % 7}`), value: bodyOf(n) }));
        await producer.send({ messages, acks: -1 });
      },
      left: async () => {
        await delay(500);
        const consumer = new Consumer({ ...base, groupId });
        try {
          const ends = (await consumer.listOffsets({ topics: ["in"], timestamp: -1n })).get("in")!;
          const known = await consumer.listCommittedOffsets({
            topics: [{ topic: "in", partitions: ends.map((_, partition) => partition) }],
          });
          return ends.reduce((sum, end, partition) => sum + Number(end - (known.get("in")?.[partition] ?? 0n)), 0);
        } finally {
          await consumer.close(true);
        }
      },
    },
  ];
};

const openNats: OpenReadBroker = async (stack) => {
  const { port } = stack.use(await startNats());
  const connection = await connectNats({ servers: `127.0.0.1:${port}` });
  stack.defer(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "IN", subjects: ["in.>"] });
  const client = jetstream(connection);
  return [
    {
      kind: "nats",
      config: { servers: `127.0.0.1:${port}`, stream: "IN", tls: false, start: "all" },
      isExactlyOnce: true,
      publish: async (numbers) => {
        for (const n of numbers) await client.publish("in.a", bodyOf(n));
      },
      left: async () => {
        let left = 0;
        for await (const { num_ack_pending: unacknowledged, num_pending: waiting } of manager.consumers.list("IN")) {
          left += unacknowledged + waiting;
        }
        return left;
      },
    },
  ];
};

const openRedis: OpenReadBroker = async (stack) => {
  const { port, password } = stack.use(await startRedis());
  const client = new Redis({ host: "127.0.0.1", port, password });
  stack.defer(() => client.disconnect());
  await client.xgroup("CREATE", "in", "readers", "$", "MKSTREAM");
  return [
    {
      kind: "redis",
      config: { url: `redis://127.0.0.1:${port}`, password, stream: "in", group: "readers", bodyField: "body" },
      isExactlyOnce: true,
      publish: async (numbers) => {
        for (const n of numbers) await client.xadd("in", "*", "body", bodyOf(n));
      },
      left: async () => {
        const [group] = (await client.xinfo("GROUPS", "in")) as readonly (readonly (string | number)[])[];
        const of = (name: string): number => Number(group![group!.indexOf(name) + 1]);
        return of("pending") + of("lag");
      },
    },
  ];
};

const openMoto: OpenReadBroker = async (stack) => {
  const { url } = stack.use(await startMoto());
  const aws = new AwsClient(url);
  const queueUrl = await aws.createQueue("in", { VisibilityTimeout: "5" });
  return [
    {
      kind: "sqs",
      config: { ...awsConfig(url), queueUrl },
      isExactlyOnce: true,
      publish: async (numbers) => {
        for (const n of numbers) {
          await aws.json("sqs", "AmazonSQS.SendMessage", { QueueUrl: queueUrl, MessageBody: bodyOf(n).toString() });
        }
      },
      left: async () => {
        const { Attributes: attributes } = await aws.json("sqs", "AmazonSQS.GetQueueAttributes", {
          QueueUrl: queueUrl,
          AttributeNames: ["All"],
        });
        const counts = attributes as Readonly<Record<string, string>>;
        return Number(counts["ApproximateNumberOfMessages"]) + Number(counts["ApproximateNumberOfMessagesNotVisible"]);
      },
    },
    await openS3(aws, url),
  ];
};

async function openS3(aws: AwsClient, url: string): Promise<ReadBroker> {
  await aws.createBucket("uploads");
  return {
    kind: "s3",
    config: { ...awsConfig(url), bucket: "uploads", content: true, start: "all", everySeconds: 30 },
    isExactlyOnce: true,
    isPolled: true,
    publish: async (numbers) => {
      for (const n of numbers) {
        const headers = ["content-type", "application/json"];
        const path = `/uploads/${randomUUID()}.json`;
        await aws.request({ service: "s3", method: "PUT", path, headers, body: bodyOf(n).toString() });
      }
    },
    // A bucket keeps its objects.
    left: () => Promise.resolve(0),
  };
}

/** The emulator of Google speaks gRPC only, so this is a stand-in. */
const openPubSub: OpenReadBroker = async (stack) => {
  const pubSub = stack.use(await startPubSub(LEASE_MS));
  return [
    {
      kind: "googlePubSub",
      config: pubSub.config,
      env: { POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl },
      isExactlyOnce: true,
      publish: (numbers) => {
        for (const n of numbers) pubSub.publish(`m${n}`, bodyOf(n));
        return Promise.resolve();
      },
      left: () => Promise.resolve(pubSub.unacknowledged),
    },
  ];
};

const mailOf = (n: number): string => `From: ada@example.com\r\nSubject: ${n}\r\n\r\nHello\r\n`;
const subjectOf = (payload: unknown): number =>
  Number((payload as { readonly mail: { readonly subject: string } }).mail.subject);

/** Senders repeat an email until it is accepted, as mail servers do. */
const openEmail: OpenReadBroker = async () => {
  const port = await freePort();
  let waiting = 0;
  const send = async (n: number, to: string): Promise<void> => {
    waiting++;
    for (;;) {
      try {
        await sendRaw(port, { from: "ada@example.com", to, raw: mailOf(n) });
        waiting--;
        return;
      } catch {
        await delay(50);
      }
    }
  };
  return [
    {
      kind: "email",
      config: {},
      env: { POSTHORN_SMTP_LISTEN: `127.0.0.1:${port}`, POSTHORN_SMTP_DOMAIN: "in.example.com" },
      isExactlyOnce: true,
      publish: async (numbers, sourceUrl) => {
        const to = sourceUrl.replace("mailto:", "");
        const rest = [...numbers];
        const sender = async (): Promise<void> => {
          for (let n = rest.shift(); n !== undefined; n = rest.shift()) await send(n, to);
        };
        await Promise.all(Array.from({ length: 4 }, sender));
      },
      left: () => Promise.resolve(waiting),
      numberOf: subjectOf,
    },
  ];
};

const openDovecot: OpenReadBroker = async (stack) => {
  const { port } = stack.use(await startDovecot());
  const account = { host: "127.0.0.1", port, security: "none", username: "ada", password: DOVECOT_PASSWORD };
  /** A connection for each run of the server, because a slow start takes longer than the timeout of a connection. */
  const append = async (numbers: readonly number[]): Promise<void> => {
    const client = new ImapFlow({
      host: account.host,
      port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: account.username, pass: account.password },
      logger: false,
    });
    await client.connect();
    try {
      for (const n of numbers) await client.append("INBOX", mailOf(n));
    } finally {
      await client.logout();
    }
  };
  return [
    {
      kind: "imap",
      config: { ...account, start: "all" },
      isExactlyOnce: true,
      publish: append,
      // A mailbox keeps its emails, and the position in it is that of the source.
      left: () => Promise.resolve(0),
      numberOf: subjectOf,
    },
  ];
};

/** Keyed by the names with which counterparts can be skipped. */
export const READ_BROKERS: Readonly<Record<string, OpenReadBroker>> = {
  mosquitto: openMosquitto,
  rabbitmq: openRabbitMq,
  kafka: openKafka,
  nats: openNats,
  redis: openRedis,
  moto: openMoto,
  dovecot: openDovecot,
  "pub-sub": openPubSub,
  email: openEmail,
};
