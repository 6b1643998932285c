/** A database with several servers, of which one is writable at a time; `failover.test.ts` tests the failover itself. */
import { startPostgres, startStandby, startTcpProxy, type TcpProxy, type TestPostgres } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MIGRATIONS } from "../src/store/migrations/list.ts";
import { migrationStates, runMigrations } from "../src/store/migrate.ts";
import { onOwnClient, openClient } from "../src/store/postgres/connections.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { withTables } from "../src/store/postgres/table-source/manage.ts";
import { PostgresSide } from "../src/store/copy/postgres-side.ts";
import { onPostgres } from "./support/store.ts";

const urlOf = (...ports: readonly number[]): string =>
  `postgres://postgres@${ports.map((port) => `127.0.0.1:${port}`).join(",")}/postgres?target_session_attrs=read-write`;

const portAt = (url: string, timeoutMs?: number): Promise<number> =>
  onOwnClient({ url, use: "coordination", ...(timeoutMs === undefined ? {} : { timeoutMs }) }, async (client) => {
    const { rows } = await client.query<{ port: number }>("SELECT inet_server_port() AS port");
    return rows[0]!.port;
  });

describe.runIf(onPostgres)("a URL with several servers", () => {
  const stack = new AsyncDisposableStack();
  let primary: TestPostgres;
  let standby: TestPostgres;
  let nothing: TcpProxy;

  beforeAll(async () => {
    primary = stack.use(await startPostgres({ settings: { log_min_messages: "panic" } }));
    standby = stack.use(await startStandby(primary));
    nothing = stack.use(await startTcpProxy(primary.port));
    nothing.setState("cut");
  });

  afterAll(() => stack.disposeAsync());

  it("connects every part of Posthorn to the writable one, regardless of the others", async () => {
    const url = urlOf(nothing.port, standby.port, primary.port);

    expect(await portAt(url)).toBe(primary.port);
    // A server that accepts connections but does not respond causes no delay.
    nothing.setState("silent");
    expect(await portAt(url, 60_000)).toBe(primary.port);
    nothing.setState("cut");

    const location = { kind: "postgres", url, directUrl: null, connections: 2 } as const;
    expect(await runMigrations(location, Date.now())).toHaveLength(MIGRATIONS.length);
    expect((await migrationStates(location)).every(({ applied }) => applied)).toBe(true);
    expect(await withTables(url, async () => "found")).toBe("found");
    await using side = await PostgresSide.open(url);
    expect(side.name).toBe(
      `postgres://127.0.0.1:${nothing.port},127.0.0.1:${standby.port},127.0.0.1:${primary.port}/postgres`,
    );
    await side[Symbol.asyncDispose]();
    await using store = await PostgresStore.open({ url });
    await store.ping();
    expect(store.outage).toBeNull();
  });

  it("reports the state of each server if none is writable, and what to change if the settings are the reason", async () => {
    const none = openClient({ url: urlOf(nothing.port, standby.port), use: "queries" });
    await expect(none).rejects.toMatchObject({ code: "storage_unavailable", outage: "read_only" });
    await expect(none).rejects.toThrow(
      new RegExp(
        `127\\.0\\.0\\.1:${nothing.port}: .*ECONN.*127\\.0\\.0\\.1:${standby.port}: it does not accept writes`,
      ),
    );
    const missing = urlOf(nothing.port, primary.port).replace("/postgres?", "/there_is_none?");
    await expect(openClient({ url: missing, use: "queries" })).rejects.toMatchObject({ code: "config_invalid" });
  });
});
