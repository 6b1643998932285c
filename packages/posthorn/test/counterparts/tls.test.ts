/** TLS and client certificates with real servers. Kafka's are in its own file. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { startPostgres } from "@posthorn/testkit";
import {
  type CounterpartTls,
  isSkipped,
  startMailpit,
  startMosquitto,
  startNats,
  startRabbitMq,
  startRedis,
} from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { startLab } from "@posthorn/egress/lab";
import { connect as connectRabbitMq } from "amqplib";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openListener, type TestListener } from "./listening.ts";
import {
  accepted,
  messageOf,
  openConnector,
  rejected,
  type TestConnector,
  terminated,
  toThisMachine,
} from "./support.ts";

type Config = Readonly<Record<string, unknown>>;

/** Configurations of one kind for a server with a valid and one with an expired certificate. */
interface Secured {
  readonly kind: string;
  /** The kind, or its method of encryption. */
  readonly name: string;
  readonly hasClientCertificates: boolean;
  configOf(host: string): Config;
  readonly expired: Config;
}

type Certificates = Awaited<ReturnType<typeof startLab>>["certificates"];
type Open = (stack: AsyncDisposableStack, good: CounterpartTls, expired: CounterpartTls) => Promise<readonly Secured[]>;

const openRabbitMq: Open = async (stack, good, expired) => {
  const broker = stack.use(await startRabbitMq(good));
  const connection = await connectRabbitMq(broker.url);
  const channel = await connection.createChannel();
  await channel.assertQueue("events", { durable: true });
  await connection.close();
  // A second broker would take ten seconds, and TLS ends before the protocol begins.
  const port = await terminated(stack, broker.port, expired);
  const old = (host: string, at: number): Config => ({
    uri: `amqps://guest:guest@${host}:${at}`,
    routingKey: "events",
  });
  const current = (host: string, at: number): Config => ({
    url: `amqps://${host}:${at}`,
    address: "/amq/queue/events",
    username: "guest",
    password: "guest",
  });
  return [
    { kind: "rabbitMq", of: old },
    { kind: "amqp", of: current },
  ].map(({ kind, of }) => ({
    kind,
    name: kind,
    hasClientCertificates: true,
    configOf: (host: string) => of(host, broker.tlsPort!),
    expired: of("localhost", port),
  }));
};

const openNats: Open = async (stack, good, expired) => {
  const [server, second] = [
    stack.use(await startNats("", "always", good)),
    stack.use(await startNats("", "always", expired)),
  ];
  const of = (host: string, port: number): Config => ({ servers: `${host}:${port}`, subject: "events", tls: true });
  return [
    {
      kind: "nats",
      name: "nats",
      hasClientCertificates: true,
      configOf: (host) => of(host, server.port),
      expired: of("localhost", second.port),
    },
  ];
};

const openRedis: Open = async (stack, good, expired) => {
  const [server, second] = [stack.use(await startRedis([], good)), stack.use(await startRedis([], expired))];
  const of = (host: string, { tlsPort, password }: typeof server): Config => ({
    url: `rediss://${host}:${tlsPort}`,
    password,
    stream: "events",
  });
  return [
    {
      kind: "redis",
      name: "redis",
      hasClientCertificates: true,
      configOf: (host) => of(host, server),
      expired: of("localhost", second),
    },
  ];
};

const openMosquitto: Open = async (stack, good, expired) => {
  const [server, second] = [stack.use(await startMosquitto("", good)), stack.use(await startMosquitto("", expired))];
  const of = (host: string, port: number): Config => ({ url: `mqtts://${host}:${port}`, topic: "events" });
  return [
    {
      kind: "mqtt",
      name: "mqtt",
      hasClientCertificates: true,
      configOf: (host) => of(host, server.tlsPort!),
      expired: of("localhost", second.tlsPort!),
    },
  ];
};

const openPostgres: Open = async (stack, good, expired) => {
  const [server, second] = [
    stack.use(await startPostgres({ tls: good })),
    stack.use(await startPostgres({ tls: expired })),
  ];
  const client = new pg.Client(server.url);
  await client.connect();
  await client.query(`CREATE TABLE events (id text PRIMARY KEY, event_type text, event_id text, created_at timestamptz,
    content_type text, headers jsonb, payload bytea)`);
  await client.end();
  const of = (host: string, { url }: typeof server): Config => ({
    url: `postgres://${host}:${new URL(url).port}/postgres`,
    username: "postgres",
    tableName: "events",
    tls: "require",
  });
  return [
    {
      kind: "postgres",
      name: "postgres",
      hasClientCertificates: true,
      configOf: (host) => of(host, server),
      expired: of("localhost", second),
    },
  ];
};

const openMailpit: Open = async (stack, good, expired) => {
  const of = (host: string, port: number, security: string): Config => ({
    host,
    port,
    security,
    from: "a@example.com",
    to: "b@example.com",
  });
  const found: Secured[] = [];
  for (const mode of ["starttls", "tls"] as const) {
    const server = stack.use(await startMailpit([], { ...good, mode }));
    const second = stack.use(await startMailpit([], { ...expired, mode }));
    found.push({
      kind: "smtp",
      name: `smtp with ${mode}`,
      hasClientCertificates: false,
      configOf: (host) => of(host, server.smtpPort, mode),
      expired: of("localhost", second.smtpPort, mode),
    });
  }
  return found;
};

const OPEN: Readonly<Record<string, { readonly open: Open; readonly names: readonly string[] }>> = {
  rabbitmq: { open: openRabbitMq, names: ["rabbitMq", "amqp"] },
  nats: { open: openNats, names: ["nats"] },
  redis: { open: openRedis, names: ["redis"] },
  mosquitto: { open: openMosquitto, names: ["mqtt"] },
  postgres: { open: openPostgres, names: ["postgres"] },
  mailpit: { open: openMailpit, names: ["smtp with starttls", "smtp with tls"] },
};
const WANTED = Object.entries(OPEN).filter(([name]) => !isSkipped(name));
const NAMES = WANTED.flatMap(([, { names }]) => names);

describe("a connection with TLS", () => {
  const stack = new AsyncDisposableStack();
  const servers = new Map<string, Secured>();
  let certificates: Certificates;
  let connector: TestConnector;
  let listener: TestListener;

  beforeAll(async () => {
    ({ certificates } = stack.use(await startLab()));
    const { ca, good, expired } = certificates;
    const opened = await Promise.all(
      WANTED.map(([, { open }]) => open(stack, { ...good, clientCa: ca.cert }, { ...expired, clientCa: ca.cert })),
    );
    for (const one of opened.flat()) servers.set(one.name, one);
    connector = stack.use(openConnector({ vet: toThisMachine }));
    listener = stack.use(openListener("", toThisMachine));
    const { nats } = Object.fromEntries(servers);
    if (nats !== undefined) await createStream(nats.configOf("localhost"));
  });
  afterAll(() => stack.disposeAsync());

  async function createStream({ servers: at }: Config): Promise<void> {
    const { ca, client } = certificates;
    const tls = { ca: ca.cert, cert: client.cert, key: client.key };
    const connection = await connectNats({ servers: at as string, tls });
    await (await jetstreamManager(connection)).streams.add({ name: "events", subjects: ["events"] });
    await connection.close();
  }

  /** Settings with the lab's authority, and a client certificate where the kind has one. */
  function trusted({ hasClientCertificates }: Secured): Config {
    const { ca, client } = certificates;
    const own = { clientCertificate: client.cert, clientKey: client.key };
    return { ca: ca.cert, ...(hasClientCertificates ? own : {}) };
  }

  const send = (name: string, config: (one: Secured) => Config) => {
    const one = servers.get(name)!;
    return connector.send(one.kind, { ...trusted(one), ...config(one) }, messageOf());
  };
  const failed = async (name: string, config: (one: Secured) => Config): Promise<string> =>
    rejected(await send(name, config), "retry", "connection_failed");

  it.each(NAMES)("delivers over %s to a certificate of the given authority", async (name) => {
    const one = servers.get(name)!;
    accepted(await connector.send(one.kind, { ...trusted(one), ...one.configOf("localhost") }, messageOf()));
  });

  it.each(NAMES)("delivers over %s to an address that the certificate names", async (name) => {
    const one = servers.get(name)!;
    accepted(await connector.send(one.kind, { ...trusted(one), ...one.configOf("127.0.0.1") }, messageOf()));
  });

  it.each(NAMES)("fails for %s if the authority is not trusted", async (name) => {
    const { cert } = certificates.selfSigned;
    const others = [null, cert];
    for (const ca of others) {
      expect(await failed(name, (one) => ({ ...one.configOf("localhost"), ca }))).toMatch(
        /^The certificate of the target is signed by an authority that is not trusted \([^)]+\)\./,
      );
    }
  });

  it.each(NAMES)("fails for %s if the certificate is for another host name", async (name) => {
    expect(await failed(name, (one) => one.configOf("broker.example.com"))).toMatch(
      /^The certificate of the target is for another host name/,
    );
  });

  it.each(NAMES)("fails for %s if the certificate has expired", async (name) => {
    expect(await failed(name, (one) => one.expired)).toMatch(/^The certificate of the target has expired/);
  });

  /** Kinds that are sources as well. */
  const read = NAMES.filter((name) => ["rabbitMq", "amqp", "nats", "redis", "mqtt"].includes(name));
  const listen = (name: string, config: (one: Secured) => Config) => {
    const one = servers.get(name)!;
    const places = { queue: "events", stream: "events", topics: "events" };
    return listener.listen(one.kind, { ...places, ...trusted(one), ...config(one) });
  };

  it.each(read)("is made by a source (%s)", async (name) => {
    expect(await listen(name, (one) => one.configOf("localhost"))).toMatchObject({ isConnected: true });
  });

  it.each(read)("fails for a source, which reports what is wrong with the certificate (%s)", async (name) => {
    const wrong: readonly (readonly [(one: Secured) => Config, RegExp])[] = [
      [(one) => ({ ...one.configOf("localhost"), ca: null }), /is signed by an authority that is not trusted/],
      [(one) => one.configOf("broker.example.com"), /is for another host name/],
      [(one) => one.expired, /has expired/],
    ];
    for (const [config, message] of wrong) {
      const { result, isConnected } = await listen(name, config);
      expect(result).toMatchObject({
        kind: "failed",
        failure: { code: "connection_failed", message: expect.stringMatching(message) },
      });
      expect(isConnected).toBe(false);
    }
  });

  const withClients = NAMES.filter((name) => !name.startsWith("smtp"));
  it.each(withClients)(
    "is rejected by a server for %s that requires a client certificate if there is none",
    async (name) => {
      const result = await send(name, (one) => ({
        ...one.configOf("localhost"),
        clientCertificate: null,
        clientKey: null,
      }));
      // PostgreSQL rejects the login, the others reject the connection.
      const sentence =
        name === "postgres"
          ? rejected(result, "closed", "credentials_refused")
          : rejected(result, "retry", "connection_failed");
      expect(sentence).toMatch(/client certificate/);
    },
  );

  it.each(NAMES.filter((name) => name !== "nats" && name !== "postgres" && name !== "smtp with starttls"))(
    "fails for %s at a port that does not expect TLS",
    async (name) => {
      const port = await plainServer(stack);
      const at = (one: Secured): Config =>
        Object.fromEntries(
          Object.entries(one.configOf("localhost")).map(([key, value]) => [
            key,
            key === "port" ? port : typeof value === "string" ? value.replace(/(localhost:)\d+/, `$1${port}`) : value,
          ]),
        );
      expect(await failed(name, at)).toMatch(/^The target does not expect TLS on this port/);
    },
  );
});

/** A server that sends its greeting in plain text. */
async function plainServer(stack: AsyncDisposableStack): Promise<number> {
  const { createServer: createPlainServer } = await import("node:net");
  const server = createPlainServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("220 this is not TLS, as any client should notice\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}
