/** `posthorn copy` between PostgreSQL and a file that a real server filled and left after a crash. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  createDatabase,
  eventually,
  type Receiver,
  sharedPostgres,
  startReceiver,
  startServer,
  type TestServer,
} from "@posthorn/testkit";
import { expect, test } from "vitest";
import { type Ended, runCli } from "../lib/cli.ts";
import { queryPostgres } from "../lib/disk.ts";
import { temporaryFolder } from "../lib/folder.ts";

const SECRET = "secret-of-the-hook";
/** A number and a notation that no parser may change. */
const BODY = '{"exact":1.0,"large":12345678901234567890,"text":"\\u0000 \\ud83d\\ude00 ü"}';

/** Returns 204 at /steady and /held, refuses /failing, and does not respond at /hanging until released. */
function answering(hang: boolean): Parameters<Receiver["respondWith"]>[0] {
  return ({ path }) => {
    if (path === "/failing") return 500;
    return path === "/hanging" && hang ? "hang" : 204;
  };
}

class Account {
  readonly #server: TestServer;
  readonly #token: string;

  constructor(server: TestServer, organisation: string) {
    this.#server = server;
    this.#token = server.tokenOf(organisation);
  }

  async call(method: string, path: string, body?: object | string): Promise<Record<string, string>> {
    const response = await fetch(this.#server.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as Record<string, string>;
  }

  publish(app: string): Promise<Record<string, string>> {
    return this.call("POST", `/api/v1/app/${app}/msg`, `{"eventType":"a.b","payload":${BODY}}`);
  }

  async endpoint(app: string, url: string): Promise<string> {
    return (await this.call("POST", `/api/v1/app/${app}/endpoint`, { url, uid: url.split("/").at(-1)! }))["id"]!;
  }

  /** All messages, newest first, as the API returns them. */
  async messages(app: string): Promise<unknown> {
    return (await this.call("GET", `/api/v1/app/${app}/msg?limit=250`))["data"];
  }
}

/** Resources of every kind, and deliveries in every state: succeeded, failed once, on hold, and in flight when the server is killed. */
async function fill(server: TestServer, receiver: Receiver): Promise<void> {
  const account = new Account(server, server.organisation);
  await account.call("POST", "/api/v1/event-type", { name: "a.b", description: "A" });
  await account.call("POST", "/api/v1/app", { name: "Shop", uid: "shop", metadata: { plan: "gold" } });
  for (const path of ["steady", "failing", "hanging", "held"])
    await account.endpoint("shop", `${receiver.url}/${path}`);
  await account.call("PATCH", "/api/v1/app/shop/endpoint/held", { disabled: true });
  const source = await account.call("POST", "/ingest/api/v1/source", {
    name: "Hook",
    type: "github",
    secrets: [SECRET],
  });
  const sourcePath = `/ingest/api/v1/source/${source["id"]!}`;
  await account.call("POST", `${sourcePath}/endpoint`, { url: `${receiver.url}/steady` });
  await receive(server, new URL(source["ingestUrl"]!).pathname);
  for (let count = 0; count < 5; count++) await account.publish("shop");
  const came = (path: string): number => receiver.requests.filter((request) => request.path === path).length;
  await eventually(() => expect([came("/steady"), came("/failing"), came("/hanging") > 0]).toEqual([6, 5, true]));
  // The outcomes are on disk, except for the hanging attempt.
  await eventually(async () => {
    const stats = await account.call("GET", "/api/v1/app/shop/endpoint/failing/stats");
    expect(stats).toMatchObject({ fail: 5 });
  });
}

async function receive(server: TestServer, path: string): Promise<void> {
  const body = `{"action":"opened","exact":1.0}`;
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": `sha256=${signature}`,
  };
  const response = await fetch(server.url + path, { method: "POST", headers, body });
  assert.equal(response.status, 200);
}

/** Inserts years of history quickly, so that the copy takes a while. */
function addHistory(path: string, messages: number): void {
  const db = new DatabaseSync(path);
  db.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${messages})
    INSERT INTO message (id, public_id, app_id, event_type, payload, content_type)
    SELECT (SELECT min(id) FROM message) - n, 'msg_' || n, 1, 'a.b', randomblob(1024), 'text/plain' FROM n`);
  db.close();
}

const copy = (from: string, to: string, ...flags: string[]): Promise<Ended> =>
  runCli(["copy", "--from", from, "--to", to, ...flags]).ended;

/** The table rows that the command prints: name, rows, size and digest of each. */
const tables = (stdout: string): string[] => stdout.split("\n").filter((line) => /\b[0-9a-f]{32}$/.test(line));

test(
  "a database is copied to PostgreSQL and back: nothing is lost, duplicated or changed, and pending deliveries are sent once",
  { timeout: 180_000 },
  async () => {
    using folder = temporaryFolder();
    await using database = await createDatabase(await sharedPostgres());
    await using receiver = await startReceiver({ response: answering(true) });
    const from = `sqlite:${join(folder.path, "posthorn.db")}`;
    const env = { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_REQUEST_TIMEOUT: "300" };
    const first = await startServer({ dataDir: folder.path, env });
    await fill(first, receiver);
    await first.kill();
    addHistory(join(folder.path, "posthorn.db"), 20_000);

    // Killed half way: no server starts on it, and the next run continues.
    await using killed = runCli(["copy", "--from", from, "--to", database.url]);
    await eventually(
      async () => {
        const rows = await queryPostgres(database.url, "SELECT rows FROM copying WHERE name = 'message'");
        expect(rows).toHaveLength(1);
      },
      { timeoutMs: 60_000, intervalMs: 5 },
    );
    killed.child.kill("SIGKILL");
    expect((await killed.ended).signal).toBe("SIGKILL");
    await using refused = runCli(["start", "--data-dir", folder.path], { POSTHORN_DATABASE_URL: database.url });
    expect(await refused.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("an incomplete copy") });
    const there = await copy(from, database.url);
    expect([there.code, there.stdout]).toEqual([0, expect.stringContaining("Continuing the copy")]);
    expect(there.stderr).toMatch(/message: copied \d+ of \d+ rows \(\d+ %\)/);
    expect(there.stdout).toMatch(/^message +20006 /m);

    // The key is not next to the new file, so its location must be given.
    const backTo = `sqlite:${join(folder.path, "back", "posthorn.db")}`;
    expect((await copy(database.url, backTo)).stderr).toMatch(/^posthorn: .+ there is no key for them here/);
    const back = await copy(database.url, backTo, "--data-dir", folder.path);
    expect([back.code, back.stdout]).toEqual([0, expect.stringContaining("is a complete copy")]);
    expect(tables(back.stdout)).toEqual(tables(there.stdout));

    // The server continues where it was killed: the attempt in flight is repeated, deliveries on hold are sent on request.
    receiver.respondWith(answering(false));
    receiver.clear();
    const second = await startServer({ dataDir: folder.path, databaseUrl: database.url, env });
    const account = new Account(second, first.organisation);
    const messages = await account.messages("shop");
    await receiver.waitForCount(5);
    await account.call("POST", "/api/v1/app/shop/endpoint/held/enable", { held: "replay" });
    await receiver.waitForCount(10);
    await eventually(async () => {
      for (const [uid, stats] of [
        ["hanging", { pending: 0, success: 5 }],
        ["held", { pending: 0, success: 5 }],
        ["failing", { fail: 5 }],
      ] as const) {
        expect(await account.call("GET", `/api/v1/app/shop/endpoint/${uid}/stats`)).toMatchObject(stats);
      }
    });
    expect(receiver.requests.map(({ path, body }) => [path, body.toString()])).toEqual(
      ["/hanging", "/held"].flatMap((path) => Array.from({ length: 5 }, () => [path, BODY])),
    );
    expect(new Set(receiver.requests.map(({ path, headers }) => path + headers["webhook-id"]!)).size).toBe(10);
    await second[Symbol.asyncDispose]();

    // And back again, with everything that was added since.
    const home = await copy(
      database.url,
      `sqlite:${join(folder.path, "home", "posthorn.db")}`,
      "--data-dir",
      folder.path,
    );
    expect([home.code, home.stdout]).toEqual([0, expect.stringContaining("is a complete copy")]);
    const third = await startServer({
      dataDir: folder.path,
      env: { ...env, POSTHORN_DATABASE_URL: `sqlite:${join(folder.path, "home", "posthorn.db")}` },
    });
    const again = new Account(third, first.organisation);
    expect(await again.messages("shop")).toEqual(messages);
    await again.publish("shop");
    await receiver.waitForCount(14);
    expect(
      receiver.requests
        .slice(10)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(["/failing", "/hanging", "/held", "/steady"]);
    await third[Symbol.asyncDispose]();
  },
);

test("a dry run shows what would be copied, and errors name the obstacle", async () => {
  using folder = temporaryFolder();
  await using database = await createDatabase(await sharedPostgres());
  const from = `sqlite:${join(folder.path, "posthorn.db")}`;
  const server = await startServer({ dataDir: folder.path });
  await new Account(server, server.organisation).call("POST", "/api/v1/app", { name: "Shop" });
  const running = await copy(from, database.url);
  expect([running.code, running.stderr]).toEqual([
    1,
    expect.stringMatching(/^posthorn: Another Posthorn process uses/),
  ]);
  await server[Symbol.asyncDispose]();
  await using dry = runCli(["copy", "--from", from, "--to", database.url, "--dry-run"]);
  const { code, stdout } = await dry.ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^TABLE +ROWS\n(.+\n)*application +1\n/)]);
  expect(stdout).toContain("Nothing was changed");
  expect(await queryPostgres(database.url, "SELECT to_regnamespace('posthorn')::text AS found")).toEqual([
    { found: null },
  ]);
  await using same = runCli(["copy", "--from", from, "--to", from]);
  expect((await same.ended).stderr).toContain("are the same database");
});
