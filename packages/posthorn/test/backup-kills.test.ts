/** Backups and restores whose process is killed at a chosen moment. */
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { copyKeys, emptyPlace, fullPlace, hasDumpTools, type Place } from "./support/backup-scene.ts";
import { command, commandProcess } from "./support/command.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** A few MiB in SQLite, because a copy at a limited rate must take seconds. */
const MESSAGES = onPostgres ? 1 : 24;
/** Each test starts several processes, which takes minutes on a machine that is busy with other suites. */
const TIMEOUT_MS = 600_000;
const MIB = 1024 * 1024;

/** A stopped server with a few MiB of messages. */
async function filledPlace(): Promise<Place> {
  const place = await fullPlace();
  await using node = await place.start();
  const tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
  const text = "x".repeat(200_000);
  for (let n = 0; n < MESSAGES; n++) {
    const { status } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { text } });
    expect(status).toBe(202);
  }
  return place;
}

async function succeed(...args: readonly string[]): Promise<void> {
  expect(await command(...args)).toMatchObject({ code: 0 });
}

async function messagesAt(place: Place): Promise<number> {
  await using node = await place.start();
  return (await node.services.store.db.selectFrom("message").select("id").execute()).length;
}

/** Whether part of the data has been written, by the tool or to the file. */
function hasBegun(tool: string, file: string): boolean {
  if (onPostgres) return existsSync(`${tool}.begun`);
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MIB;
}

/** A replacement for a PostgreSQL tool that reports its start and then does not exit. */
function stuckTool(folder: string, tool: string, { afterWork }: { readonly afterWork: boolean }): string {
  const path = join(folder, `stuck-${tool}-${afterWork ? "late" : "early"}`);
  writeFileSync(
    path,
    `#!/bin/sh
case "$1" in --version|--list) exec ${tool} "$@" ;; esac
${afterWork ? `${tool} "$@" || exit 1` : ""}
touch '${path}.begun'
sleep 1000
`,
    { mode: 0o755 },
  );
  return path;
}

describe.skipIf(!hasDumpTools)("kill -9", { timeout: TIMEOUT_MS }, () => {
  it("during a backup leaves no folder with its name, and the next backup succeeds", async () => {
    using place = await filledPlace();
    using target = temporaryFolder();
    const backup = join(target.path, "backup");
    const tool = stuckTool(target.path, "pg_dump", { afterWork: false });
    {
      await using run = await commandProcess("backup", backup, "--rate", "1", "--pg-dump", tool, ...place.flags);
      await eventually(() => {
        const partial = readdirSync(target.path).find((name) => name.startsWith("backup.partial-"));
        expect(partial).toBeDefined();
        expect(hasBegun(tool, join(target.path, partial!, "posthorn.db"))).toBe(true);
      });
      run.kill("SIGKILL");
      await run.ended;
    }
    expect(existsSync(backup)).toBe(false);
    await succeed("backup", backup, ...place.flags);
    await succeed("backup", "verify", backup);
    expect(await messagesAt(place)).toBe(MESSAGES);
  });

  it.each(onPostgres ? [{ afterWork: false }, { afterWork: true }] : [{ afterWork: false }])(
    "during a restore prevents servers from starting until the restore is repeated (%o)",
    async ({ afterWork }) => {
      using place = await filledPlace();
      using target = temporaryFolder();
      const backup = join(target.path, "backup");
      await succeed("backup", backup, ...place.flags);
      using other = await emptyPlace();
      copyKeys(place, other);
      await killRestore({ backup, place: other, tool: stuckTool(target.path, "pg_restore", { afterWork }), flags: [] });
      // Not `start`, which would create a missing SQLite file.
      const refused = await command("migrate", ...other.flags);
      expect(refused).toMatchObject({
        code: 1,
        err: expect.stringContaining("restore of this database was interrupted"),
      });
      // PostgreSQL may notice a little later that the killed process is gone, which had the lock of the database.
      await eventually(async () => expect(await command("restore", backup, ...other.flags)).toMatchObject({ code: 0 }));
      await using node = await other.start();
      expect((await node.services.store.db.selectFrom("message").select("id").execute()).length).toBe(MESSAGES);
      expect((await new Tenant(node).call("GET", "delivery-pause")).json).toMatchObject({ paused: true });
    },
  );

  it.skipIf(onPostgres)("during a restore that replaces data does not change that data", async () => {
    using place = await filledPlace();
    using target = temporaryFolder();
    const backup = join(target.path, "backup");
    await succeed("backup", backup, ...place.flags);
    {
      await using node = await place.start();
      await new Tenant(node).call("POST", "app/app/msg", { eventType: "a", payload: {} });
    }
    await killRestore({ backup, place, tool: "pg_restore", flags: ["--replace"] });
    await expect(place.start()).rejects.toMatchObject({ code: "restore_unfinished" });
    rmSync(join(place.folder, "posthorn.db.restoring"));
    expect(await messagesAt(place)).toBe(MESSAGES + 1);
  });
});

interface KilledRestore {
  readonly backup: string;
  readonly place: Place;
  readonly tool: string;
  readonly flags: readonly string[];
}

/** Kills a restore when part of the data has been written. */
async function killRestore({ backup, place, tool, flags }: KilledRestore): Promise<void> {
  const restoring = join(place.folder, "posthorn.db.restoring");
  await using run = await commandProcess(
    "restore",
    backup,
    "--rate",
    "1",
    "--pg-restore",
    tool,
    ...flags,
    ...place.flags,
  );
  await eventually(() => {
    expect(hasBegun(tool, restoring)).toBe(true);
  });
  run.kill("SIGKILL");
  await run.ended;
}
