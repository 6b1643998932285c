/** Publishing transactions keep their order when their rows are visible before their notifications arrive. */
import { eventually, startTcpProxy, type TcpProxy } from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { OutboxRelay } from "../../src/workers/outbox-relay.ts";
import type { Services } from "../../src/domain/context.ts";
import { keyOfId } from "../../src/lib/id.ts";
import type { Signal } from "../../src/store/signal.ts";
import type { StoreError } from "../../src/store/errors.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { borrowDatabase } from "../support/postgres.ts";
import { insertEndpoint, servicesOver } from "../support/services.ts";
import { onPostgres } from "../support/store.ts";

interface Scene extends AsyncDisposable {
  readonly services: Services;
  /** Payloads of messages, in the order in which the dispatcher got them. */
  readonly handedOver: string[];
  /** Proxy to PostgreSQL for the connections on which the node receives notifications and stores messages. */
  readonly proxy: TcpProxy;
  connect(): Promise<pg.Client>;
  /** Opens the store of another node. */
  openStore(): Promise<PostgresStore>;
}

async function openScene(): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await borrowDatabase());
  const proxy = opening.use(await startTcpProxy(Number(new URL(url).port)));
  // A store with two URLs assumes that the first is that of a pooler, and does not configure its connections.
  const pooled = new URL(url);
  pooled.searchParams.set("options", "-c search_path=posthorn");
  const store = opening.use(await PostgresStore.open({ url: pooled.href, directUrl: proxy.through(url) }));
  const { services } = servicesOver(store);
  await insertEndpoint(services, "http://receiver.test/", {});
  await store.db.insertInto("organisation").values({ id: 1, public_id: "org_test", created_at: 0 }).execute();
  await store.db.updateTable("application").set({ uid: "app" }).execute();
  const handedOver: string[] = [];
  const dispatch: Services["dispatch"] = {
    ...services.dispatch,
    push: (jobs) =>
      void handedOver.push(...jobs.map(({ payload }) => JSON.parse(Buffer.from(payload!).toString()) as string)),
  };
  const stack = opening.move();
  return {
    services: { ...services, dispatch },
    handedOver,
    proxy,
    connect: async () => {
      const client = new pg.Client(url);
      stack.defer(() => client.end());
      await client.connect();
      return client;
    },
    openStore: async () => stack.use(await PostgresStore.open({ url })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Throws while there are rows in the outbox. */
async function checkEmpty(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM posthorn.outbox");
  if (rowCount !== 0) throw new Error("the outbox has rows");
}

/** Returns the id of the message. */
async function publish(client: pg.Client, payload: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT posthorn.publish('app', 'order.paid', $1::text, ordering_key => 'order-1') AS id",
    [JSON.stringify(payload)],
  );
  return rows[0]!.id;
}

interface Watched extends AsyncDisposable {
  readonly watch: OutboxRelay;
  readonly clock: ManualClock;
  /** Codes of failed scans, and reasons of skipped rows. */
  readonly failures: unknown[];
}

/** Runs an outbox relay like that of a node that has started: it has scanned the whole outbox once. */
async function watchOutbox(scene: Scene): Promise<Watched> {
  const { services, handedOver } = scene;
  const client = await scene.connect();
  await publish(client, "earlier");
  await services.store.catchUp();
  const watched = constructRelay(scene);
  watched.watch.started();
  await eventually(() => checkEmpty(client));
  expect(handedOver.splice(0)).toEqual(["earlier"]);
  return watched;
}

/** Constructs an outbox relay that receives the notifications of the store and is not started. */
function constructRelay({ services }: Scene): Watched {
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const watch = new OutboxRelay({
    services: () => services,
    clock,
    looks: false,
    onFailure: (error) => failures.push((error as StoreError).code),
    onParked: ({ reason }) => failures.push(reason),
  });
  services.store.onSignal((signals) => {
    for (const signal of signals) if (signal.kind === "outbox") watch.wake(signal.from);
  });
  services.store.cluster!.onNotificationState((up) => {
    if (up) watch.wake();
  });
  return { watch, clock, failures, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}

/**
 * Publishes "first" and "second" in order, with another message between them, and wakes the relay as if the notification of the other message
 * had arrived first. Resolves when the node has read the rows and waits for a response, without having received any notification.
 */
async function publishUnheard(scene: Scene, watch: OutboxRelay, transactions: string): Promise<void> {
  const [client, other] = await Promise.all([scene.connect(), scene.connect()]);
  // The connection that requests notifications must be open.
  await scene.services.store.catchUp();
  const { rows } = await client.query<{ now: string }>("SELECT clock_timestamp()::text AS now");
  scene.proxy.setState("mute");
  await client.query("BEGIN");
  await publish(client, "first");
  const between = await publish(other, "other");
  if (transactions === "two transactions") await client.query("COMMIT; BEGIN");
  await publish(client, "second");
  await client.query("COMMIT");
  watch.wake(keyOfId("msg_", between)!);
  await eventually(() => checkSent(client, rows[0]!.now));
}

/** Throws until the node has sent, after this time, a statement that stores messages or one that requests missing notifications. */
async function checkSent(client: pg.Client, after: string): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'posthorn hot'
     AND (query LIKE '%INSERT INTO message (%' OR query LIKE '%pg_notify%') AND state = 'idle' AND query_start > $1::timestamptz`,
    [after],
  );
  if (rowCount === 0) throw new Error("the node has sent nothing");
}

describe.skipIf(!onPostgres)("a node that relays rows of transactions", () => {
  it.each(["one transaction", "two transactions"])(
    "keeps the order of %s when it can read the rows before it is notified of them",
    async (transactions) => {
      await using scene = await openScene();
      await using watched = await watchOutbox(scene);
      await publishUnheard(scene, watched.watch, transactions);
      scene.proxy.setState("open");
      await eventually(() => expect(scene.handedOver).toHaveLength(3));
      expect(scene.handedOver).toEqual(["first", "other", "second"]);
      expect(watched.failures).toEqual([]);
    },
  );

  it("stores none of them while the notification connection is lost, and all in order afterwards", async () => {
    await using scene = await openScene();
    await using watched = await watchOutbox(scene);
    await publishUnheard(scene, watched.watch, "two transactions");
    scene.proxy.setState("cut");
    await eventually(() => expect(watched.failures).toContain("storage_unavailable"));
    expect(scene.handedOver).toEqual([]);
    scene.proxy.setState("open");
    await eventually(() => {
      watched.clock.advance(1000);
      expect(scene.handedOver).toHaveLength(3);
    });
    expect(scene.handedOver).toEqual(["first", "other", "second"]);
  });

  it("relays rows committed before its start ahead of those that it is notified of while it starts", async () => {
    await using scene = await openScene();
    const client = await scene.connect();
    await publish(client, "first");
    // The notification of the first row arrives before there is a relay that could receive it.
    await scene.services.store.catchUp();
    await using watched = constructRelay(scene);
    await publish(client, "second");
    await eventually(() => expect(scene.handedOver).toContain("second"));
    expect(scene.handedOver).toEqual(["first", "second"]);
    expect(watched.failures).toEqual([]);
  });

  it("notifies the other nodes of deliveries that a node stored before it was killed", async () => {
    await using scene = await openScene();
    await using watched = await watchOutbox(scene);
    const client = await scene.connect();
    await client.query("BEGIN");
    await publish(client, "first");
    await client.query("CREATE TEMPORARY TABLE undeleted AS SELECT * FROM posthorn.outbox");
    await client.query("COMMIT");
    await eventually(() => expect(scene.handedOver).toEqual(["first"]));
    const other = await scene.openStore();
    const heard: Signal[] = [];
    other.onSignal((signals) => heard.push(...signals));
    // As if the node had died between storing the message and deleting the row.
    await eventually(() => checkEmpty(client));
    await client.query("INSERT INTO posthorn.outbox SELECT * FROM undeleted");
    watched.watch.wake();
    await eventually(() => expect(heard).toContainEqual({ kind: "due", endpointIds: [1], from: null }));
    expect(scene.handedOver).toEqual(["first"]);
  });
});
