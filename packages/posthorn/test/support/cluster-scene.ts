/** Two stores of nodes on one database: on PostgreSQL, or as the simulation has them where the tests run without it. */
import { eventually } from "@posthorn/testkit";
import pg from "pg";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import type { Store } from "../../src/store/store.ts";
import { openSimulatedScene } from "../simulation/cluster/scene.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres } from "./store.ts";

export interface ClusterScene extends AsyncDisposable {
  readonly stores: readonly [Store, Store];
  /** Lets so much of every lease pass. */
  leasesPass(ms: number): Promise<void>;
  /** Waits for what was asked of a store. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Waits until the check throws no more. */
  eventually(check: () => void): Promise<void>;
  /** The connections on which the nodes hear each other break, and are opened again. */
  breakLinks(): Promise<void>;
}

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
