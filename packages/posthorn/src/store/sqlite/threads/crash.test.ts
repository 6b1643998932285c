import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { LinkedSiblings } from "../../../../test/support/linked-siblings.ts";
import type { SeatThreadData, SeatThreadMessage } from "../../../../test/support/seat-thread.ts";
import { acceptEntry, temporaryFolder } from "../../../../test/support/store.ts";
import type { Signal } from "../../signal.ts";
import { SqliteStore } from "../sqlite-store.ts";

const SUPPORT = new URL("../../../../test/support/", import.meta.url);

/** Messages whose delivery has succeeded, with the number of its attempts. */
async function deliveredIn(store: SqliteStore): Promise<ReadonlyMap<number, number>> {
  const rows = await store.db
    .selectFrom("delivery as d")
    .innerJoin("attempt as a", "a.message_id", "d.message_id")
    .select((eb) => ["d.message_id as id", eb.fn.countAll<number>().as("attempts")])
    .where("d.state", "=", 1)
    .groupBy("d.message_id")
    .execute();
  return new Map(rows.map(({ id, attempts }) => [id, attempts]));
}

/** A thread that publishes under a seat of the store. */
class Publisher {
  readonly confirmed: number[] = [];
  isHolding = false;
  readonly #worker: Worker;

  constructor(store: SqliteStore, first: number, holdFrom: number | null = null) {
    const seat = store.seat();
    const workerData: SeatThreadData = { seat, first, holdFrom };
    this.#worker = new Worker(new URL("seat-thread.ts", SUPPORT), { workerData, transferList: [seat.port] });
    this.#worker.on("message", (message: SeatThreadMessage) => {
      if ("confirmed" in message) this.confirmed.push(message.confirmed);
      else this.isHolding = true;
    });
  }

  until(check: (publisher: Publisher) => boolean): Promise<void> {
    return eventually(() => {
      if (!check(this)) throw new Error(`only ${this.confirmed.length} messages are confirmed`);
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

describe("a thread that is terminated under load", () => {
  it("has lost nothing that it confirmed, and the others take over its shards and continue", async () => {
    using folder = temporaryFolder();
    await using store = await SqliteStore.open({
      path: join(folder.path, "posthorn.db"),
      siblings: new LinkedSiblings(),
    });
    const heard: Signal[] = [];
    let unknown = 0;
    store.onSignal((signals) => heard.push(...signals));
    store.onUnknownCommit(() => unknown++);
    const [first, second] = [new Publisher(store, 1_000_000), new Publisher(store, 2_000_000)];
    await first.until(({ confirmed }) => confirmed.length >= 100);
    await second.until(({ confirmed }) => confirmed.length >= 100);
    const { shards, nodes } = await store.cluster!.view();
    expect(nodes).toHaveLength(2);
    await first.terminate();
    await eventually(() => expect(heard).toContainEqual({ kind: "nodes" }));
    expect(unknown).toBe(1);
    const after = await store.cluster!.view();
    expect(after.nodes).toHaveLength(1);
    const freed = shards.filter(({ nodeId, shard }) => nodeId !== null && after.shards[shard]!.nodeId === null);
    expect(freed).toHaveLength(1);
    expect(after.shards[freed[0]!.shard]!.fence).toBeGreaterThan(freed[0]!.fence);
    const { length } = second.confirmed;
    await second.until(({ confirmed }) => confirmed.length >= length + 100);
    await second.terminate();
    const delivered = await deliveredIn(store);
    const lost = [...first.confirmed, ...second.confirmed].filter((id) => delivered.get(id) !== 1);
    expect(lost).toEqual([]);
  });

  it("leaves neither parts of its open transaction nor a lock", async () => {
    using folder = temporaryFolder();
    await using store = await SqliteStore.open({
      path: join(folder.path, "posthorn.db"),
      siblings: new LinkedSiblings(),
    });
    const publisher = new Publisher(store, 1_000_000, 1_000_005);
    await publisher.until(({ isHolding }) => isHolding);
    const waiting = store.accept(acceptEntry(1));
    await publisher.terminate();
    await waiting;
    expect(await store.db.selectFrom("organisation").select("id").execute()).toEqual([]);
    await store.transaction(({ db }) =>
      db.insertInto("organisation").values({ id: 1, public_id: "org_1", created_at: 0 }).execute(),
    );
  });
});

describe("a process with several threads that is killed under load", () => {
  it("has lost nothing that any of them confirmed, and records no attempt twice", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    const program = fileURLToPath(new URL("publish-from-threads.ts", SUPPORT));
    const child = spawn(process.execPath, ["--conditions=@posthorn/source", program, path, "3"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
    await eventually(() => expect(text.split("\n").length).toBeGreaterThan(300));
    child.kill("SIGKILL");
    await ended;
    const confirmed = text.split("\n").slice(0, -1).map(Number);
    await using store = await SqliteStore.open({ path });
    const delivered = await deliveredIn(store);
    expect(confirmed.filter((id) => delivered.get(id) !== 1)).toEqual([]);
    // Of each thread, at most the last message has no outcome.
    const messages = await store.db.selectFrom("message").select("id").execute();
    expect(messages.length - delivered.size).toBeLessThanOrEqual(3);
  });
});
