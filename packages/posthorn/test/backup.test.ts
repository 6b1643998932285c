/** `posthorn backup` and `posthorn restore`. See `backup-kills.test.ts` for interrupted ones. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Manifest, toManifest } from "../src/store/backup/manifest.ts";
import { copyKeys, emptyPlace, fullPlace, hasDumpTools, type Place } from "./support/backup-scene.ts";
import { command, commandProcess } from "./support/command.ts";
import type { TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const DATABASE_FILE = onPostgres ? "posthorn.dump" : "posthorn.db";

async function succeed(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await command(...args);
  expect(err + out + String(code)).toMatch(/0$/);
  return out;
}

/** Runs a command that must fail, and returns its message. */
async function refusalOf(...args: readonly string[]): Promise<string> {
  const { code, err } = await command(...args);
  expect([code, err]).toEqual([1, expect.stringMatching(/^posthorn: /)]);
  return err;
}

async function publish(node: TestNode): Promise<string> {
  const { status, json } = await new Tenant(node).call("POST", "app/app/msg", {
    eventType: "a",
    payload: { n: 1 },
  });
  expect(status).toBe(202);
  return json["id"] as string;
}

/** Public IDs of the stored messages that have deliveries, with the states of these. */
async function stored({ services }: TestNode): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await services.store.db
    .selectFrom("message")
    .innerJoin("delivery", "delivery.message_id", "message.id")
    .select(["message.public_id", "delivery.state"])
    .orderBy("delivery.endpoint_id")
    .execute();
  const groups = Map.groupBy(rows, (row) => row.public_id);
  return new Map([...groups].map(([id, group]) => [id, group.map(({ state }) => state)]));
}

/** Detects a hang. Hundreds of deliveries take long on a machine that is busy with other suites. */
const PATIENT = { timeoutMs: 240_000 };
const TIMEOUT_MS = 600_000;

describe.skipIf(!hasDumpTools)("a backup while the server publishes and delivers", { timeout: TIMEOUT_MS }, () => {
  it("has every message that was accepted before, with the state of its deliveries, and a restored server delivers the rest", async () => {
    using place = await fullPlace();
    using target = temporaryFolder();
    await using working = await startReceiver();
    // Its deliveries stay pending in the backup.
    await using stuck = await startReceiver({ response: "hang" });
    const backup = join(target.path, "backup");
    const before = new Map<string, readonly number[]>();
    {
      await using node = await place.start();
      await setUp(node, working, stuck);
      await addBulk(node);
      const done = new AbortController();
      const accepted: string[] = [];
      const publishing = Promise.all(
        [1, 2, 3].map(async () => {
          while (!done.signal.aborted) accepted.push(await publish(node));
        }),
      );
      await eventually(() => expect(accepted.length).toBeGreaterThan(100), PATIENT);
      const first = accepted.slice(0, 100);
      await working.waitForCount(100, PATIENT);
      const now = await stored(node);
      for (const id of first) before.set(id, now.get(id)!);
      // On SQLite in several steps, with commits of the server between them.
      await using run = await commandProcess("backup", backup, "--rate", "1", ...place.flags);
      expect(await run.ended).toMatchObject({ code: 0 });
      done.abort();
      await publishing;
      expect(accepted.length).toBeGreaterThan(100);
    }
    expect(await succeed("backup", "verify", backup)).toContain("complete and unchanged");

    using other = await emptyPlace();
    copyKeys(place, other);
    expect(await succeed("restore", backup, ...other.flags)).toContain("posthorn resume");
    working.clear();
    stuck.clear();
    stuck.respondWith(204);
    await using node = await other.start();
    const after = await stored(node);
    // Succeeded deliveries have still succeeded; one that was pending may have been made before the moment of the backup.
    const changed = [...before].filter(
      ([id, states]) =>
        after.get(id)?.length !== 2 ||
        states.some((state, index) => state !== PENDING && after.get(id)![index] !== state),
    );
    expect(changed).toEqual([]);
    expect([...before.values()].some(([state]) => state !== PENDING)).toBe(true);
    expect([working.requests, stuck.requests]).toEqual([[], []]);
    expect((await new Tenant(node).call("POST", "delivery-pause/resume")).status).toBe(200);
    const pending = (index: number) => [...after].filter(([, states]) => states[index] === PENDING).map(([id]) => id);
    await eventually(() => {
      expect(missing(stuck, pending(1))).toEqual([]);
      expect(missing(working, pending(0))).toEqual([]);
    }, PATIENT);
  });
});

const PENDING = 0;

function missing({ requests }: Receiver, ids: readonly string[]): readonly string[] {
  const seen = new Set(requests.map(({ headers }) => headers["webhook-id"]));
  return ids.filter((id) => !seen.has(id));
}

/** A few MiB of messages that are sent to no endpoint. */
async function addBulk(node: TestNode): Promise<void> {
  const tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Bulk", uid: "bulk" });
  const payload = { text: "x".repeat(200_000) };
  for (let n = 0; n < 20; n++) {
    expect((await tenant.call("POST", "app/bulk/msg", { eventType: "a", payload })).status).toBe(202);
  }
}

async function setUp(node: TestNode, ...receivers: readonly Receiver[]): Promise<void> {
  const tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
  for (const { url } of receivers) expect((await tenant.call("POST", "app/app/endpoint", { url })).status).toBe(201);
}

describe.skipIf(!hasDumpTools)("a backup", () => {
  let place: Place;
  const target = temporaryFolder();
  const original = join(target.path, "original");
  const withKeys = join(target.path, "with-keys");

  beforeAll(async () => {
    place = await fullPlace();
    await using receiver = await startReceiver();
    await using node = await place.start();
    await setUp(node, receiver);
    await publish(node);
    await receiver.waitForCount(1);
    await succeed("backup", original, ...place.flags);
    await succeed("backup", withKeys, "--with-keys", ...place.flags);
  });

  afterAll(() => {
    place[Symbol.dispose]();
    target[Symbol.dispose]();
  });

  /** A copy of the backup that a test may damage. */
  function copyOf(name: string): string {
    const path = join(target.path, name);
    cpSync(original, path, { recursive: true });
    return path;
  }

  /** The error messages of `verify` and `restore`, which reject it. The restore writes nothing. */
  async function refusals(backup: string): Promise<readonly string[]> {
    using other = await emptyPlace();
    copyKeys(place, other);
    const files = readdirSync(other.folder);
    const messages = [await refusalOf("backup", "verify", backup), await refusalOf("restore", backup, ...other.flags)];
    expect(readdirSync(other.folder)).toEqual(files);
    return messages;
  }

  it("is readable only by its owner, and has a manifest without secrets", async () => {
    expect(statSync(original).mode & 0o777).toBe(0o700);
    expect(readdirSync(original).toSorted()).toEqual(["manifest.json", DATABASE_FILE].toSorted());
    const manifest = manifestOf(original);
    expect(manifest).toMatchObject({
      database: onPostgres ? "postgres" : "sqlite",
      includesKeys: false,
      keys: [{ id: 1, provider: "local" }],
      tables: { message: 1, endpoint: 1, delivery: 1 },
    });
    const key = readFileSync(join(place.folder, "encryption.key"), "utf8").trim();
    expect(JSON.stringify(manifest)).not.toContain(key);
  });

  it("never overwrites files, leaves none when it fails, and has an exit code for wrong usage", async () => {
    expect(await refusalOf("backup", original, ...place.flags)).toContain("exists already");
    expect(await refusalOf("backup", join(target.path, "no", "folder"), ...place.flags)).toContain("does not exist");
    using empty = await emptyPlace();
    const failed = join(target.path, "failed");
    expect(await refusalOf("backup", failed, ...empty.flags)).toMatch(/no data|no database/);
    expect(await refusalOf("backup", failed, "--rate", "fast", ...place.flags)).toContain("--rate");
    expect(readdirSync(target.path).filter((name) => name.startsWith("failed"))).toEqual([]);
    expect((await command("backup", "--nonsense")).code).toBe(2);
    expect((await command("backup")).code).toBe(2);
  });

  it("prints its manifest as JSON", async () => {
    const path = join(target.path, "json");
    expect(JSON.parse(await succeed("backup", path, "--json", ...place.flags))).toEqual(manifestOf(path));
    expect(JSON.parse(await succeed("backup", "verify", path, "--json"))).toEqual(manifestOf(path));
  });

  it.each([
    ["has a changed byte", (path: string) => flipByte(join(path, DATABASE_FILE)), /SHA-256/],
    ["is cut", (path: string) => truncateSync(join(path, DATABASE_FILE), 1000), /1000 bytes instead of/],
    [
      "has a changed manifest",
      (path: string) => replaceIn(join(path, "manifest.json"), `"message": 1`, `"message": 2`),
      /manifest.json was changed/,
    ],
    [
      "has a cut manifest",
      (path: string) => truncateSync(join(path, "manifest.json"), 300),
      /manifest.json was changed/,
    ],
  ])("is rejected if it %s", async (name, damage, message) => {
    const path = copyOf(name.replaceAll(" ", "-"));
    damage(path);
    expect(await refusals(path)).toEqual(bothMatch(message));
  });

  it("is rejected if a file is missing, or if it is not a backup", async () => {
    const path = join(target.path, "file-missing");
    cpSync(original, path, { recursive: true, filter: (file) => !file.endsWith(DATABASE_FILE) });
    expect(await refusals(path)).toEqual(bothMatch(/is missing/));
    expect(await refusals(target.path)).toEqual(bothMatch(/is not a backup/));
    expect(await refusals(join(target.path, "nowhere"))).toEqual(bothMatch(/is not a backup/));
  });

  it("is rejected by an older version, and by another build", async () => {
    const newer = copyOf("newer");
    rewrite(newer, (manifest) => ({
      ...manifest,
      migrations: [...manifest.migrations, { name: "widgets", checksum: "0".repeat(64) }],
    }));
    expect(await refusals(newer)).toEqual(bothMatch(/newer Posthorn.*"widgets"/));
    const other = copyOf("other-build");
    rewrite(other, (manifest) => ({
      ...manifest,
      migrations: manifest.migrations.with(4, { ...manifest.migrations[4]!, checksum: "0".repeat(64) }),
    }));
    expect(await refusals(other)).toEqual(bothMatch(/Migration 5 .*checksum/));
  });

  it("is rejected without its root key, and with another one", async () => {
    using other = await emptyPlace();
    const root = manifestOf(original).keys[0]!.root;
    const missingKey = await refusalOf("restore", original, ...other.flags);
    expect(missingKey).toContain(`local:${root}`);
    writeFileSync(join(other.folder, "encryption.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`);
    const wrongKey = await refusalOf("restore", original, ...other.flags);
    expect(wrongKey).toContain(`local:${root}`);
    expect(readdirSync(other.folder)).toEqual(["encryption.key"]);
  });

  it("restores its keys if it contains them, and a server starts with them", async () => {
    using other = await emptyPlace();
    expect(await succeed("restore", withKeys, ...other.flags)).toContain("encryption.key and jwt.secret");
    for (const name of ["encryption.key", "jwt.secret"]) {
      expect(readFileSync(join(other.folder, name))).toEqual(readFileSync(join(place.folder, name)));
      expect(statSync(join(other.folder, name)).mode & 0o777).toBe(0o600);
    }
    await using node = await other.start();
    expect((await stored(node)).size).toBe(1);
  });

  it.runIf(onPostgres)("fails without pg_dump, and with one that is older than the server", async () => {
    const old = join(target.path, "old-pg_dump");
    writeFileSync(old, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n", { mode: 0o755 });
    const path = join(target.path, "no-tool");
    expect(await refusalOf("backup", path, "--pg-dump", old, ...place.flags)).toMatch(
      /has version 9, .*PostgreSQL \d+/,
    );
    const missingTool = await refusalOf("backup", path, "--pg-dump", join(target.path, "missing"), ...place.flags);
    expect(missingTool).toContain("was not found");
    expect(readdirSync(target.path).filter((name) => name.startsWith("no-tool"))).toEqual([]);
  });

  it("of one database is rejected by the other", async () => {
    using other = temporaryFolder();
    copyFileSync(join(place.folder, "encryption.key"), join(other.path, "encryption.key"));
    const url = onPostgres ? `sqlite:${join(other.path, "posthorn.db")}` : "postgres://posthorn@127.0.0.1:1/posthorn";
    const refusal = await refusalOf("restore", original, "--data-dir", other.path, "--database-url", url);
    expect(refusal).toContain("posthorn copy");
  });
});

describe.skipIf(!hasDumpTools)("a restore", () => {
  it("fails for a database with data or a running server, and moves the data aside with --replace", async () => {
    using place = await fullPlace();
    using target = temporaryFolder();
    const backup = join(target.path, "backup");
    let first: string;
    {
      await using receiver = await startReceiver();
      await using node = await place.start();
      await setUp(node, receiver);
      first = await publish(node);
      await succeed("backup", backup, ...place.flags);
      await publish(node);
      expect(await refusalOf("restore", backup, "--replace", ...place.flags)).toMatch(
        /Another Posthorn process|Nodes are using/,
      );
    }
    expect(await refusalOf("restore", backup, ...place.flags)).toContain("--replace");
    const { replaced } = JSON.parse(await succeed("restore", backup, "--replace", "--json", ...place.flags)) as {
      readonly replaced: string;
    };
    expect(onPostgres ? /posthorn_replaced_\d+/.test(replaced) : existsSync(replaced)).toBe(true);
    await using node = await place.start();
    expect([...(await stored(node)).keys()]).toEqual([first]);
    expect((await new Tenant(node).call("GET", "delivery-pause")).json).toMatchObject({ paused: true });
    const later = await publish(node);
    expect(later > first).toBe(true);
  });

  it("invalidates sessions, links and device codes, which may have been used since", async () => {
    using place = await fullPlace();
    using target = temporaryFolder();
    const backup = join(target.path, "backup");
    {
      await using node = await place.start();
      await node.services.store.transaction(({ db }) =>
        db
          .insertInto("person_token")
          .values({
            id: 1,
            public_id: "inv_1",
            kind: "reset",
            hash: Buffer.alloc(32),
            person_id: null,
            org_id: 1,
            app_id: null,
            role: null,
            email: null,
            created_by: "",
            created_at: 0,
            expires_at: Date.now() + 86_400_000,
          })
          .execute(),
      );
      await succeed("backup", backup, ...place.flags);
    }
    expect(manifestOf(backup).tables["person_token"]).toBe(1);
    using other = await emptyPlace();
    copyKeys(place, other);
    await succeed("restore", backup, ...other.flags);
    await using node = await other.start();
    for (const table of ["person_session", "person_token", "device_request"] as const) {
      expect(await node.services.store.db.selectFrom(table).selectAll().execute()).toEqual([]);
    }
  });
});

const bothMatch = (message: RegExp): unknown => [expect.stringMatching(message), expect.stringMatching(message)];

function manifestOf(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest;
}

/** Changes the manifest and its checksum. */
function rewrite(path: string, change: (manifest: Manifest) => Manifest): void {
  const { at, database, databaseVersion, migrations, tables, keys, ...rest } = change(manifestOf(path));
  const content = { at: Date.parse(at), database, databaseVersion, migrations, tables, keys };
  const { version, files, includesKeys } = rest;
  writeFileSync(join(path, "manifest.json"), JSON.stringify(toManifest({ content, version, files, includesKeys })));
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

function replaceIn(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
