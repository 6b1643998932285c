/** Two stores of nodes on one database: on PostgreSQL, on seats of one SQLite database, or on the simulation's cluster store. */
import { join } from "node:path";
import { eventually } from "@posthorn/testkit";
import pg from "pg";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSimulatedScene, type ClusterScene } from "../simulation/cluster/scene.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres, onSeats, openSeats, temporaryFolder } from "./store.ts";

export function openClusterScene(): Promise<ClusterScene> {
  if (onPostgres) return openPostgresScene();
  return onSeats ? openSeatScene() : Promise.resolve(openSimulatedScene());
}

/** Two threads of one process. Neither their leases nor their notifications can end while they run. */
async function openSeatScene(): Promise<ClusterScene> {
  const folder = temporaryFolder();
  const stores = await openSeats(join(folder.path, "posthorn.db"));
  const cannot = (): Promise<never> => Promise.reject(new Error("This does not happen between threads."));
  return {
    stores,
    leasesPass: cannot,
    until: (work) => work,
    eventually: (check) => eventually(check),
    breakLinks: cannot,
    [Symbol.asyncDispose]: async () => {
      await stores[1][Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function openPostgresScene(): Promise<ClusterScene> {
  const { url } = await borrowDatabase();
  const stores = [await PostgresStore.open({ url }), await PostgresStore.open({ url })] as const;
  const client = new pg.Client(url);
  await client.connect();
  return {
    stores,
    leasesPass: async (ms) => {
      await client.query("UPDATE posthorn.node SET leased_until = leased_until - $1", [ms]);
    },
    until: (work) => work,
    eventually: (check) => eventually(check),
    breakLinks: async () => {
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'posthorn coordination'",
      );
    },
    [Symbol.asyncDispose]: async () => {
      await client.end();
      for (const store of stores) await store[Symbol.asyncDispose]();
    },
  };
}
