/** Two stores of nodes on one database: on PostgreSQL, or on the simulation's cluster store if the tests run without it. */
import { eventually } from "@posthorn/testkit";
import pg from "pg";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSimulatedScene, type ClusterScene } from "../simulation/cluster/scene.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres } from "./store.ts";

export function openClusterScene(): Promise<ClusterScene> {
  return onPostgres ? openPostgresScene() : Promise.resolve(openSimulatedScene());
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
