/** Containers start in any order: a node may start before its database. */
import {
  createDatabase,
  eventually,
  freePort,
  sharedPostgres,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
  type TestPostgres,
} from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cli, runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

interface Early extends AsyncDisposable {
  readonly url: string;
  readonly proxy: TcpProxy;
  readonly node: Cli;
}

/** A node that starts while its database is unavailable. */
async function early(env: Record<string, string> = {}): Promise<Early> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(temporaryFolder());
  const database = opening.use(await createDatabase(await sharedPostgres()));
  const proxy = opening.use(await startTcpProxy(Number(new URL(database.url).port)));
  proxy.setState("cut");
  const listen = `127.0.0.1:${await freePort()}`;
  const node = opening.use(
    runCli(["start"], {
      POSTHORN_LISTEN: listen,
      POSTHORN_DATA_DIR: folder.path,
      POSTHORN_DATABASE_URL: proxy.through(database.url),
      POSTHORN_LOG_FORMAT: "json",
      ...env,
    }),
  );
  const stack = opening.move();
  return { url: `http://${listen}`, proxy, node, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const becomes = (url: string, status: number): Promise<void> =>
  eventually(async () => expect((await fetch(url)).status).toBe(status));

describe("a node that starts before its database", () => {
  it("waits for it, reports that it is live but not ready, and then works", async () => {
    await using e = await early();
    await becomes(`${e.url}/health/live`, 204);
    const ready = await fetch(`${e.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { code: "storage_unavailable", reason: "unreachable" },
    ]);
    const publish = await fetch(`${e.url}/api/v1/app/a/msg`, { method: "POST", body: "{}" });
    expect([publish.status, publish.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    e.proxy.setState("open");
    expect(await e.node.url).toBe(e.url);
    await becomes(`${e.url}/health/ready`, 204);
    e.node.child.kill("SIGTERM");
    const { code, stdout, stderr } = await e.node.ended;
    expect([code, stderr]).toEqual([0, ""]);
    // A line when the wait begins, one every 30 s of it, and one when it ends.
    const ended = [...stdout.matchAll(/the database is available after (\d+) s/g)];
    expect(ended).toHaveLength(1);
    const waiting = stdout.match(/waiting for the database, \d+ of 300 s: /g) ?? [];
    expect(waiting).not.toHaveLength(0);
    expect(waiting.length).toBeLessThanOrEqual(1 + Math.ceil(Number(ended[0]![1]) / 30));
  });

  it("exits with the reason after the maximum wait", async () => {
    await using e = await early({ POSTHORN_DATABASE_WAIT: "0.5" });
    expect(await e.node.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^posthorn: The database was unavailable for 0.5 s \(POSTHORN_DATABASE_WAIT\).*ECONN/,
      ) as string,
    });
  });

  it("stops on request while it waits", async () => {
    await using e = await early();
    await becomes(`${e.url}/health/live`, 204);
    e.node.child.kill("SIGTERM");
    expect(await e.node.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a database that runs but refuses connections", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres({ password: "right", settings: { log_min_messages: "panic" } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const right = (): string => server.url;
  it.each([
    {
      what: "a wrong password",
      url: () => right().replace(":right@", ":wrong@"),
      says: /password authentication failed for user "postgres"\. See user, password and sslmode in POSTHORN_DATABASE_URL\.$/,
    },
    {
      what: "no password",
      url: () => right().replace(":right@", "@"),
      says: /PostgreSQL requires a password, but POSTHORN_DATABASE_URL contains none/,
    },
    {
      what: "a database that is not there",
      url: () => right().replace(/postgres$/, "there_is_none"),
      says: /database "there_is_none" does not exist\. Create it \(createdb\), or name another one in POSTHORN_DATABASE_URL\.$/,
    },
    {
      what: "a certificate that is not there",
      url: () => `${right()}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`,
      says: /\/nowhere\/ca\.pem.*See sslmode and sslrootcert in POSTHORN_DATABASE_URL\.$/,
    },
    {
      what: "a server without TLS",
      url: () => `${right()}?sslmode=verify-full`,
      says: /does not support SSL connections\. See .*sslmode in POSTHORN_DATABASE_URL\.$/,
    },
    {
      what: "a password that is not written as in a URL",
      url: () => right().replace(":right@", ":ri#ght@"),
      says: /^posthorn: POSTHORN_DATABASE_URL is wrong: it is not a URL: write .* # .* as .*%23/,
    },
  ])("fails a start at once, with a message that says what to change: $what", async ({ url, says }) => {
    await using e = await early({ POSTHORN_DATABASE_URL: url() });
    const { code, stdout, stderr } = await e.node.ended;
    expect(stderr.trimEnd()).toMatch(says);
    // One message without a password, and no wait.
    expect(stderr).toMatch(/^posthorn: .*\n$/);
    expect(stderr).not.toMatch(/wrong@|ri#ght/);
    expect([code, stdout]).toEqual([1, ""]);
  });

  it("is reported by the other commands with the same message", async () => {
    await using status = runCli(["migrate", "--status"], {
      POSTHORN_DATABASE_URL: right().replace(":right@", ":wrong@"),
    });
    expect(await status.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/password authentication failed.*POSTHORN_DATABASE_URL/) as string,
    });
  });
});
