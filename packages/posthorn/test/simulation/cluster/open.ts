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

/** What nodes that share the database have in common. */
export interface Sharing {
  readonly coordination: Coordination;
  readonly bus: Bus;
  readonly random: Random;
  /** Whether what nodes hear does not get through to a machine, though the database is there. */
  readonly isUnlinked?: (machine: number) => boolean;
}

export interface StoreWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  /** `null`: one node has the database for itself. */
  readonly sharing: Sharing | null;
  /** What stands between a store and its writer. */
  readonly writer?: (thread: DatabaseThread) => DatabaseThread;
  /** And between it and what reads beside the writer. */
  readonly reader?: (thread: DatabaseThread) => DatabaseThread;
  /** Whether an outcome under this lease is recorded; by what the database says unless given. */
  readonly holds?: Coordination["holds"];
}

/** @param by Names the node to itself among those who are told. */
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
    lock: { [Symbol.dispose]: () => undefined },
  };
}
