/** Connections of destinations through the proxy of the operator, with real brokers behind it. */
import { Egress, type EgressOptions, parseAllowList, parseNoProxy } from "@posthorn/egress";
import { startLab } from "@posthorn/egress/lab";
import { startPostgres } from "@posthorn/testkit";
import { isSkipped, startMailpit, startMosquitto, startNats, startRedis } from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startConnectProxy, startSocksProxy, type TestProxy } from "../../../egress/test/proxies.ts";
import { vetWith } from "../../src/destinations/connections/vet.ts";
import { accepted, messageOf, openConnector, rejected } from "./support.ts";

type Config = Readonly<Record<string, unknown>>;
const NAMES = ["redis", "nats", "mqtt", "smtp", "postgres"].filter(
  (name) => !isSkipped({ mqtt: "mosquitto", smtp: "mailpit" }[name] ?? name),
);

describe("a connection of a destination in a network with a proxy", () => {
  const stack = new AsyncDisposableStack();
  const configs = new Map<string, Config>();
  let proxy: TestProxy;
  let status = 200;

  beforeAll(async () => {
    proxy = stack.use(await startConnectProxy(() => status));
    const { certificates } = stack.use(await startLab());
    const { ca, good } = certificates;
    const redis = stack.use(await startRedis([], good));
    const nats = stack.use(await startNats());
    const mosquitto = stack.use(await startMosquitto());
    const mailpit = stack.use(await startMailpit([], { ...good, mode: "starttls" }));
    const postgres = stack.use(await startPostgres({ tls: good }));
    const creating = await connectNats({ servers: `127.0.0.1:${nats.port}` });
    await (await jetstreamManager(creating)).streams.add({ name: "s", subjects: ["s"] });
    await creating.close();
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(`CREATE TABLE events (id text PRIMARY KEY, event_type text, event_id text,
      created_at timestamptz, content_type text, headers jsonb, payload bytea)`);
    await client.end();
    const own = { ca: ca.cert };
    configs.set("redis", { ...own, url: `rediss://127.0.0.1:${redis.tlsPort}`, password: redis.password, stream: "s" });
    configs.set("nats", { servers: `127.0.0.1:${nats.port}`, subject: "s", tls: false });
    configs.set("mqtt", { url: `mqtt://127.0.0.1:${mosquitto.port}`, topic: "t" });
    const addresses = { from: "a@example.com", to: "b@example.com" };
    configs.set("smtp", { ...own, ...addresses, host: "127.0.0.1", port: mailpit.smtpPort, security: "starttls" });
    const url = `postgres://127.0.0.1:${new URL(postgres.url).port}/postgres`;
    configs.set("postgres", { ...own, url, username: "postgres", tableName: "events", tls: "require" });
  });
  afterAll(() => stack.disposeAsync());

  const send = async (kind: string, options: EgressOptions = {}, config = configs.get(kind)!) => {
    proxy.asked.length = 0;
    const settings = { allow: parseAllowList("loopback"), proxy: { url: `http://127.0.0.1:${proxy.port}` } };
    await using egress = new Egress({ ...settings, ...options });
    await using connector = openConnector({ vet: vetWith(egress), isProxied: true });
    const results = [await connector.send(kind, config, messageOf()), await connector.send(kind, config, messageOf())];
    return { results, peers: results.map((result) => ("facts" in result ? result.facts.peer : null)) };
  };
  const portOf = (kind: string): string => /:(\d+)/.exec(JSON.stringify(configs.get(kind)!).replace('"port"', ""))![1]!;

  it.each(NAMES)("goes through its tunnel for %s, in plain text or with TLS", async (kind) => {
    const { results, peers } = await send(kind);
    for (const result of results) accepted(result);
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${portOf(kind)}`]));
    // Attempts record the target, and not the port that leads to the tunnel.
    expect(new Set(peers)).toEqual(new Set([`127.0.0.1:${portOf(kind)}`]));
  });

  it.each(NAMES)("goes through a SOCKS5 proxy for %s, with user and password", async (kind) => {
    await using socks = await startSocksProxy();
    const { results, peers } = await send(kind, { proxy: { url: `socks5://user:secret@127.0.0.1:${socks.port}` } });
    for (const result of results) accepted(result);
    expect(new Set(socks.asked)).toEqual(new Set([`127.0.0.1:${portOf(kind)}`]));
    expect(new Set(socks.credentials)).toEqual(new Set(["user:secret"]));
    expect(new Set(peers)).toEqual(new Set([`127.0.0.1:${portOf(kind)}`]));
    expect(proxy.asked).toEqual([]);
  });

  it.each(NAMES)("is direct for %s if its host is exempt", async (kind) => {
    const { results } = await send(kind, { noProxy: parseNoProxy("127.0.0.0/8") });
    for (const result of results) accepted(result);
    expect(proxy.asked).toEqual([]);
  });

  it.each(NAMES)("is blocked for %s at a private address, before the proxy is contacted", async (kind) => {
    const { results } = await send(kind, { allow: parseAllowList("external") });
    for (const result of results) rejected(result, "closed", "connection_failed");
    expect(proxy.asked).toEqual([]);
  });

  it("counts a proxy that cannot be reached as Posthorn's fault", async () => {
    const { results } = await send("redis", { proxy: { url: "http://127.0.0.1:1" } });
    for (const result of results) expect(result).toMatchObject({ kind: "own_fault", code: "proxy_failed" });
  });

  it("reports that the proxy refused the target", async () => {
    status = 403;
    try {
      const { results } = await send("redis");
      for (const result of results) expect(rejected(result, "retry", "connection_failed")).toMatch(/proxy/i);
    } finally {
      status = 200;
    }
  });
});
