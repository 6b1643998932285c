/** Every command prints with `--json` what its page documents: an object, or lines, that match its schema. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@posthorn/testkit";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { jsonOutputOf, jsonSchemaOf, reasonWithoutJson } from "../src/cli/help.ts";
import { buildProgram, runProgram } from "../src/cli/program.ts";
import { withTables } from "../src/store/postgres/table-source/manage.ts";
import { OWNER, ownerOf } from "./support/browser-session.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

/** Commands whose output another file compares with the schema. */
const ELSEWHERE: Readonly<Record<string, { readonly file: string; readonly schema: string }>> = {
  listen: { file: "e2e/test/listen.test.ts", schema: "LISTEN_LINE" },
};
/** Commands that need PostgreSQL. */
const ON_POSTGRES: ReadonlySet<string> = new Set(["tables add", "tables list", "tables remove"]);

async function leaves(): Promise<ReadonlyMap<string, Command>> {
  const found = new Map<string, Command>();
  const add = (command: Command, path: readonly string[]): void => {
    if (command.commands.length === 0 || path.join(" ") === "backup") found.set(path.join(" "), command);
    for (const one of command.commands) add(one, [...path, one.name()]);
  };
  for (const command of (await buildProgram("")).commands) add(command, [command.name()]);
  return found;
}

describe("with --json", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let database: Awaited<ReturnType<typeof borrowDatabase>> | null = null;
  let commands: ReadonlyMap<string, Command>;
  let document: { readonly components: object };
  const ran = new Set<string>();

  beforeAll(async () => {
    folder = temporaryFolder();
    if (onPostgres) database = await borrowDatabase();
    const env = database === null ? {} : { POSTHORN_DATABASE_URL: database.url };
    node = await startNode(join(folder.path, "data"), { env });
    commands = await leaves();
    document = (await (await fetch(`${node.url}/api/v1/openapi.json`)).json()) as typeof document;
    // Commands reject variables that are not settings, and tests have some.
    for (const name of Object.keys(process.env)) if (name.startsWith("POSTHORN_")) vi.stubEnv(name, undefined);
    vi.stubEnv("XDG_CONFIG_HOME", folder.path);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await node[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** Runs a command, and returns what it printed. Fails unless that matches its schema. */
  function run(name: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    return runWhile(name, args, () => Promise.resolve());
  }

  /** Like {@link run}, for a command that runs until `during` ends it. */
  async function runWhile(
    name: string,
    args: readonly string[],
    during: (printed: () => { readonly text: string; readonly notes: string }) => Promise<void>,
  ): Promise<Record<string, unknown>> {
    const command = commands.get(name)!;
    const output = jsonOutputOf(command)!;
    let text = "";
    const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      return true;
    });
    const flags = command.options.some(({ long }) => long === "--json") ? ["--json"] : [];
    const isClient = command.options.some(({ long }) => long === "--profile") && command.name() !== "logout";
    const server = isClient && name !== "login" ? ["--url", node.url, "--token", node.token] : [];
    const errors = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const notesOf = (): string => errors.mock.calls.map(([chunk]) => String(chunk)).join("");
    const running = runProgram([...name.split(" "), ...args, ...flags, ...server]);
    await during(() => ({ text, notes: notesOf() }));
    const code = await running;
    const notes = name === "tail" ? "" : notesOf();
    write.mockRestore();
    errors.mockRestore();
    expect({ name, code, notes }).toMatchObject({ code: 0 });
    ran.add(name);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile({
      ...jsonSchemaOf(output),
      components: document.components,
    });
    const values = output.kind === "lines" ? text.trimEnd().split("\n") : [text];
    const parsed = values.map((value) => JSON.parse(value) as Record<string, unknown>);
    for (const value of parsed) {
      validate(value);
      expect({ name, errors: validate.errors, value }).toMatchObject({ errors: null });
    }
    return parsed[0]!;
  }

  /** Calls the API with POST. */
  async function call(path: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${node.url}/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  const local = (name: string): string[] => ["--data-dir", join(folder.path, name)];

  it("commands for events print the documented output", async () => {
    await run("apps create", "Acme", "--uid", "acme");
    await run("apps ls");
    await run("apps get", "acme");
    const endpoint = await run("endpoints create", "https://203.0.113.1/hook", "--app", "acme", "--uid", "ep");
    await run("endpoints ls", "--app", "acme");
    await run("endpoints get", "ep", "--app", "acme");
    const message = await run("publish", "invoice.paid", "--app", "acme", "--data", '{"n":1}');
    const id = String(message["id"]);
    await run("events ls", "--app", "acme");
    await run("events get", id, "--app", "acme");
    await run("events replay", id, "--app", "acme", "--endpoint", "ep");
    expect(await run("events open", id, "--app", "acme")).toMatchObject({ url: expect.stringContaining(id) });
    await run("open", String(endpoint["id"]), "--app", "acme");
    await run("replay", "--app", "acme", "--since", "1h", "--dry-run");
    await run("replay", "--all", "--since", "1h", "--dry-run");
    await run("replay", "--app", "acme", "--since", "1h");
    await run("export app", "acme");
    await run("erase", "--path", "$.n", "--value", "1", "--dry-run");
    await run("endpoints rm", "ep", "--app", "acme", "--yes");
    await run("apps rm", "acme", "--yes");
  });

  it("commands for sources, watches and redaction print the documented output", async () => {
    const source = await run("sources create", "GitHub", "--type", "github", "--secret", "s3cret");
    const id = String(source["id"]);
    await run("sources list");
    await run("sources get", id);
    const payload = join(folder.path, "payload.json");
    writeFileSync(payload, "{}");
    await run("sources sample", id, "push", payload);
    await run("trigger");
    await run("trigger", "github", "push", "--source", id, "--secret", "s3cret");
    await run("watch list", String(source["id"]));
    const schedule = await call("ingest/api/v1/source", {
      name: "Hourly",
      kind: "schedule",
      config: { cron: "0 * * * *" },
    });
    await run("sources poll", String(schedule["id"]));
    const rule = await run("redaction add", "--path", "$.email");
    await run("redaction list");
    await run("redaction try", payload);
    await run("redaction remove", String(rule["id"]));
    expect(await run("sources rm", id, "--yes")).toEqual({ id, deleted: true });
  });

  it("commands for people and keys print the documented output", async () => {
    const key = await run("key create", "ci", "--scope", "read");
    await run("key list");
    await run("key show", String(key["id"]));
    await run("key update", String(key["id"]), "--name", "deploy");
    await run("key revoke", String(key["id"]));
    await run("users invite", "ada@example.com");
    const accept = await fetch(`${node.url}/api/v1/user?limit=1`, {
      headers: { authorization: `Bearer ${node.token}` },
    });
    expect(accept.status).toBe(200);
    await run("users list");
    await ownerOf(node);
    await run("users reset-link", OWNER.email);
    await run("audit verify");
    await run("audit export");
    await run("login", "--url", node.url, "--with-token", node.token);
    await run("profiles");
    await run("logout");
  });

  it("commands for the server print the documented output", async () => {
    await run("cluster");
    await run("storage");
    await run("resume", "--status");
    await run("keys list");
    await run("keys verify");
    await run("keys rotate");
    await run("health", "--listen", new URL(node.url).host);
    await run("token", ...local("data"));
    await run("config", ...local("data"));
    await run("connectors");
    await run("doctor", "--offline", ...local("data"));
    await run("migrate", ...local("new"));
    await run("migrate", "--status", ...local("new"));
    await run("migrate", "--plan", ...local("new"));
    const [from, to] = ["new", "copy"].map((name) => `sqlite:${join(folder.path, name, "posthorn.db")}`);
    await run("copy", "--from", from!, "--to", to!, "--dry-run", ...local("new"));
    await run("copy", "--from", from!, "--to", to!, ...local("new"));
    await run("backup", join(folder.path, "backup"), "--quiet", ...local("new"));
    await run("backup verify", join(folder.path, "backup"), "--quiet");
    const restored = await run("restore", join(folder.path, "backup"), "--quiet", ...local("restored"));
    expect(restored).toMatchObject({ deliveries: "paused", replaced: null });
  });

  it("commands for watches print the documented output", async () => {
    await call("api/v1/app", { name: "Plant", uid: "plant" });
    const rule = { read: { key: "$.device", value: "$.t" }, when: { above: 80 } };
    await call("api/v1/app/plant/watch", { name: "Freezer", uid: "freezer", rule, emit: { type: "freezer.hot" } });
    await call("api/v1/app/plant/msg", { eventType: "reading", payload: { device: "one", t: 90 } });
    const file = join(folder.path, "rule.json");
    writeFileSync(file, JSON.stringify(rule));
    expect(await run("watch try", "plant", file)).toMatchObject({ transitions: [{ key: "one", phase: "raised" }] });
    await eventually(async () => {
      const explained = await run("watch explain", "plant", "freezer");
      expect(explained["data"]).toHaveLength(1);
    });
    await run("watch explain", "plant", "freezer", "one");
  });

  it("tail prints the documented output for messages and attempts, on one line each", async () => {
    await call("api/v1/app", { name: "Tailed", uid: "tailed" });
    await call("api/v1/app/tailed/endpoint", { url: "https://203.0.113.1/hook" });
    const signals = ["SIGTERM", "SIGINT"] as const;
    const before = new Set(signals.flatMap((signal) => process.listeners(signal)));
    const first = await runWhile("tail", ["--app", "tailed"], async (printed) => {
      await eventually(() => expect(printed().notes).toContain("Waiting for events."));
      await call("api/v1/app/tailed/msg", { eventType: "invoice.paid", payload: {} });
      await eventually(() => expect(printed().text).toContain("attempt.recorded"));
      // The reader of the output has exited.
      process.stdout.emit("error", new Error("EPIPE"));
    });
    expect(first).toMatchObject({ type: "message.accepted", appUid: "tailed", eventType: "invoice.paid" });
    for (const signal of signals)
      for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener);
  });

  it.runIf(onPostgres)("commands for tables print the documented output", async () => {
    const { url } = database!;
    await call("api/v1/app", { name: "Shop", uid: "shop" });
    await withTables(url, (client) =>
      client.query("CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint PRIMARY KEY, status text)"),
    );
    const at = ["--database-url", url, ...local("data")];
    const planned = await run("tables add", "shop.orders", "--app", "shop", "--dry-run", ...at);
    expect(planned["sql"]).toContain("TRIGGER");
    expect(await run("tables add", "shop.orders", "--app", "shop", ...at)).toEqual({ name: "orders", sql: null });
    await run("tables list", ...at);
    await run("tables remove", "orders", "--dry-run", ...at);
    expect(await run("tables remove", "orders", ...at)).toEqual({ name: "orders", sql: null });
    await withTables(url, (client) => client.query("DROP SCHEMA shop CASCADE"));
  });

  it("verify prints the documented output", async () => {
    const request = join(folder.path, "push.http");
    const { signProvider } = await import("@posthorn/webhooks/testing");
    const { github } = await import("@posthorn/webhooks/providers/github");
    const { headers } = await signProvider(github, { secret: "s3cret", body: "{}" });
    const lines = Object.entries(headers as Record<string, string>).map(([name, value]) => `${name}: ${value}\r\n`);
    writeFileSync(request, `POST / HTTP/1.1\r\nhost: example.com\r\n${lines.join("")}\r\n{}`);
    expect(await run("verify", request, "--provider", "github", "--secret", "s3cret")).toMatchObject({
      verified: true,
    });
  });

  it("every command is run here, compared with its schema elsewhere, or documents why it prints no JSON", () => {
    const missing = [...commands].filter(
      ([name, command]) =>
        !ran.has(name) &&
        !(name in ELSEWHERE) &&
        !(ON_POSTGRES.has(name) && !onPostgres) &&
        reasonWithoutJson(command) === null,
    );
    expect(missing.map(([name]) => name)).toEqual([]);
    for (const { file, schema } of Object.values(ELSEWHERE)) {
      const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
      expect(source).toMatch(new RegExp(`\\.compile\\(${schema}\\)`));
    }
  });
});
