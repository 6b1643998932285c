/** Servers whose data is backed up and restored, on the database of this run. */
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, sharedPostgres } from "@posthorn/testkit";
import { startNode, type TestNode } from "./posthorn.ts";
import { borrowDatabase } from "./postgres.ts";
import { onPostgres, temporaryFolder } from "./store.ts";

/** A data folder with its database. */
export interface Place extends Disposable {
  readonly folder: string;
  /** Flags with which commands find it. */
  readonly flags: readonly string[];
  start(): Promise<TestNode>;
}

/** A folder or database with the current tables. */
export async function fullPlace(): Promise<Place> {
  return placeAt(onPostgres ? (await borrowDatabase()).url : null);
}

/** A folder or database without tables and keys. */
export async function emptyPlace(): Promise<Place> {
  return placeAt(onPostgres ? (await createDatabase(await sharedPostgres())).url : null);
}

function placeAt(url: string | null): Place {
  const folder = temporaryFolder();
  return {
    folder: folder.path,
    flags: ["--data-dir", folder.path, ...(url === null ? [] : ["--database-url", url])],
    start: () => startNode(folder.path, { env: url === null ? {} : { POSTHORN_DATABASE_URL: url } }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Copies the keys of a server to another one, as an operator does. */
export function copyKeys(from: Place, to: Place): void {
  for (const name of ["encryption.key", "jwt.secret"]) copyFileSync(join(from.folder, name), join(to.folder, name));
}

/** Whether this machine has `pg_dump` for the PostgreSQL of this run. The binaries from npm do not include it. */
export const hasDumpTools: boolean =
  !onPostgres || toolVersion() >= Number(process.env["POSTHORN_TEST_POSTGRES_VERSION"] ?? 1);

function toolVersion(): number {
  const { stdout } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" });
  return Number(/(\d+)/.exec(stdout ?? "")?.[1] ?? 0);
}
