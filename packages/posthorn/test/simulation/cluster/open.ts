/** Opens the store of one node on the simulated database. */
import { SqliteStore, type SqliteThreads } from "../../../src/store/sqlite/sqlite-store.ts";
import type { DatabaseThread } from "../../../src/store/sqlite/protocol.ts";
import type { SimulatedDatabase } from "../database.ts";
import { NAME } from "../database-thread.ts";
import type { Random } from "../random.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Bus } from "./bus.ts";
import type { Coordination } from "./coordination.ts";
import { Fences } from "./fences.ts";
import type { WayWeather } from "./link.ts";
import { SharedStore } from "./shared-store.ts";
import type { Client } from "../commits.ts";

/** State that nodes on one database share. */
export interface Sharing {
  readonly coordination: Coordination;
  readonly bus: Bus;
  readonly random: Random;
  /** Whether notifications do not reach a machine although the database is available. */
  readonly isUnlinked?: (machine: number) => boolean;
}

export interface StoreWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  /** `null`: a single node uses the database. */
  readonly sharing: Sharing | null;
  /** Wraps the writer of a store. */
  readonly writer?: (thread: DatabaseThread) => DatabaseThread;
  /** Wraps the readers of a store. */
  readonly reader?: (thread: DatabaseThread) => DatabaseThread;
  /** Whether an outcome under this lease is recorded; default: according to the database. */
  readonly holds?: Coordination["holds"];
}

/** @param by Identifies the node among the recipients of a notification. */
export function openStore(world: StoreWorld, process: Omit<Client, "fences">, by: string): SqliteStore {
  const { sharing, time, database } = world;
  if (sharing === null) return new SqliteStore(threadsOf(world, { ...process, fences: null }));
  const { coordination, bus, random, isUnlinked } = sharing;
  const fences = new Fences(world.holds ?? ((lease) => coordination.holds(lease)));
  const threads = threadsOf(world, { ...process, fences });
  const way = (): WayWeather => database.way(process.machine);
  const linkWay = (): WayWeather => ({ ...way(), ...(isUnlinked?.(process.machine) === true ? { silent: true } : {}) });
  const pages = database.thread("writer", { ...process, fences });
  return new SharedStore({ threads, pages, coordination, fences, bus, by, time, random, way, linkWay, ...process });
}

function threadsOf({ database, time, writer: between, reader: beside }: StoreWorld, client: Client): SqliteThreads {
  const writer = database.thread("writer", client);
  const reader = (): DatabaseThread => database.thread("reader", client);
  return {
    path: NAME,
    writer: between?.(writer) ?? writer,
    hotReader: reader(),
    readers: [beside === undefined ? reader() : beside(reader())],
    gather: (underLoad) => time.delay(client.life, underLoad ? 2 : 0),
    setTimer: (ms, callback) => time.after(client.life, ms, callback),
    lock: { [Symbol.dispose]: () => undefined },
  };
}
