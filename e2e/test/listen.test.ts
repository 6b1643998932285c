/** `posthorn listen` as a process, against a server process that is killed and a listener that is frozen. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, freePort, type Receiver, startReceiver, startServer, type TestServer } from "@posthorn/testkit";
import { requireOracle } from "@posthorn/testkit/oracles";
import { signProvider } from "@posthorn/webhooks/testing";
import { stripe } from "@posthorn/webhooks/providers/stripe";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Ajv2020 } from "ajv/dist/2020.js";
import { LISTEN_LINE } from "../../packages/posthorn/src/cli/json.ts";
import { type Cli, runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

const folder = temporaryFolder();
let server: TestServer;
let local: Receiver;
let running: Cli[] = [];
let count = 0;

beforeAll(async () => {
  // Its port stays the same when it is started again.
  const env = { POSTHORN_LISTEN: `127.0.0.1:${await freePort()}`, POSTHORN_RETRY_SCHEDULE: "1,1,1,3600" };
  [server, local] = await Promise.all([startServer({ env }), startReceiver({ response: 200 })]);
});
beforeEach(() => {
  local.clear();
  local.respondWith(200);
});
afterEach(async () => {
  for (const cli of running) await cli[Symbol.asyncDispose]();
  running = [];
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await local?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Fields of responses that tests read. */
interface Json {
  readonly id: string;
  readonly token: string;
  readonly ingestUrl: string;
  readonly data: readonly { readonly status: number; readonly responseStatusCode: number; readonly response: string }[];
}

async function call(method: string, path: string, body?: object): Promise<Json> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Json;
}

async function newApp(): Promise<string> {
  const app = `listen-${count++}`;
  await call("POST", "/api/v1/app", { name: app, uid: app });
  return app;
}

async function publish(app: string, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++)
    await call("POST", `/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload: { n } });
}

/** Starts a listener, and waits until it is connected. */
async function listen(
  args: readonly string[],
  token = server.token,
): Promise<{ readonly cli: Cli; readonly lines: () => Line[] }> {
  const env = { POSTHORN_URL: server.url, POSTHORN_TOKEN: token, XDG_CONFIG_HOME: folder.path };
  const cli = runCli(["listen", "--output", "json", ...args], env);
  running.push(cli);
  let text = "";
  cli.child.stdout!.on("data", (chunk: string) => (text += chunk));
  const lines = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  await eventually(() => expect(lines()).toContainEqual(expect.objectContaining({ connection: "connected" })));
  return { cli, lines };
}

/** `--output json` prints what docs/cli/listen.md documents. */
const validateLine = new Ajv2020({ strict: false }).compile(LISTEN_LINE);

interface Line {
  readonly type: string;
  readonly connection?: string;
  readonly backlog?: number;
}

const numbers = (): number[] => local.requests.map(({ body }) => (JSON.parse(body.toString()) as { n: number }).n);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

describe("posthorn listen", () => {
  it("forwards events to a local path, and the response becomes the attempt", async () => {
    const app = await newApp();
    await listen([`${local.url}/hooks?own=1`, "--app", app, "--header", "x-local: yes"]);
    local.respondWith({ status: 202, body: "thanks" });
    await publish(app, 0, 1);
    const request = await local.waitFor(() => true);
    expect(request).toMatchObject({ method: "POST", path: "/hooks?own=1", headers: { "x-local": "yes" } });
    const { data } = await call("GET", `/api/v1/app/${app}/msg`);
    const [message] = data as unknown as { id: string }[];
    await eventually(async () => {
      const attempts = await call("GET", `/api/v1/app/${app}/attempt/msg/${message!.id}`);
      expect(attempts.data).toMatchObject([{ status: 0, responseStatusCode: 202, response: "thanks" }]);
    });
  });

  it("loses nothing while it is frozen, like on a computer that sleeps", async () => {
    const app = await newApp();
    const { cli, lines } = await listen([local.url, "--app", app, "--name", "anna"]);
    await publish(app, 0, 3);
    await local.waitForCount(3);
    cli.child.kill("SIGSTOP");
    await publish(app, 3, 20);
    // The server notices, and holds the deliveries.
    await eventually(async () => {
      const { data } = await call("GET", `/api/v1/app/${app}/endpoint/listen-anna/relay/listener`);
      expect(data).toEqual([]);
    });
    cli.child.kill("SIGCONT");
    await eventually(() => expect(new Set(numbers())).toEqual(new Set(upTo(20))));
    expect(lines().filter(({ connection }) => connection === "connected").length).toBeGreaterThan(1);
    // The number of waiting events is shown before they arrive.
    expect(Math.max(...lines().map(({ backlog = 0 }) => backlog ?? 0))).toBeGreaterThan(1);
    for (const line of lines()) expect(validateLine(line)).toBe(true);
  });

  it("loses nothing when the server is killed, and reconnects", async () => {
    const app = await newApp();
    await listen([local.url, "--app", app]);
    await publish(app, 0, 5);
    await local.waitForCount(1);
    await server.kill();
    await server.restart();
    await publish(app, 5, 10);
    await eventually(() => expect(new Set(numbers())).toEqual(new Set(upTo(10))));
  });

  it("passes on the provider's signature, so that its library verifies it locally", async () => {
    const secret = "whsec_local_secret";
    const source = await call("POST", "/ingest/api/v1/source", { name: "Stripe", type: "stripe", secrets: [secret] });
    await listen([`${local.url}/stripe`, "--source", source.id]);
    const body = `{ "id":"evt_1", "object":"event",  "type":"invoice.paid","created":${Math.floor(Date.now() / 1000)}}`;
    const signed = await signProvider(stripe, { secret, body });
    const sent = await fetch(source.ingestUrl, { method: "POST", headers: signed.headers as never, body });
    expect(sent.status).toBe(200);
    const request = await local.waitFor(() => true);
    const { webhooks } = requireOracle<{
      readonly webhooks: { constructEvent(body: Buffer, signature: string, secret: string): { readonly type: string } };
    }>("stripe");
    expect(webhooks.constructEvent(request.body, request.headers["stripe-signature"]!, secret).type).toBe(
      "invoice.paid",
    );
  });

  it("runs a program with the body of any event on its standard input", async () => {
    const app = await newApp();
    const program = join(folder.path, "handler.sh");
    const output = join(folder.path, "output");
    await writeFile(program, `#!/bin/sh\ncat > "$1"\necho "$POSTHORN_EVENT_TYPE"\n`);
    await chmod(program, 0o755);
    const { lines } = await listen(["--app", app, "--exec", program, "--", output]);
    const payload = { text: '$(touch pwned) `id` "; rm -rf / #\u0000' };
    await call("POST", `/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload });
    await eventually(() => expect(lines()).toContainEqual(expect.objectContaining({ type: "response", status: 200 })));
    expect(JSON.parse(await readFile(output, "utf8"))).toEqual(payload);
    const answer = lines().find(({ type }) => type === "response") as unknown as { body: string };
    expect(Buffer.from(answer.body, "base64").toString()).toBe("invoice.paid\n");
  });

  it("exits with code 3 when its key is revoked", async () => {
    const app = await newApp();
    const scopes = ["read", "endpoints:write", "payloads:read"];
    const key = await call("POST", "/api/v1/auth/api-key", { name: "laptop", scopes });
    const { cli } = await listen([local.url, "--app", app], key.token);
    await call("DELETE", `/api/v1/auth/api-key/${key.id}`);
    const { code, stderr } = await cli.ended;
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("revoked") });
  });

  it("exits with code 4 if a name is taken, and says who is connected", async () => {
    const app = await newApp();
    await listen([local.url, "--app", app, "--share", "exclusive"]);
    const env = { POSTHORN_URL: server.url, POSTHORN_TOKEN: server.token, XDG_CONFIG_HOME: folder.path };
    await using second = runCli(["listen", local.url, "--app", app, "--share", "exclusive"], env);
    const { code, stderr } = await second.ended;
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("--take-over") });
  });

  it("exits with 0 after the requested number of events, and when it is interrupted", async () => {
    const app = await newApp();
    const first = await listen([local.url, "--app", app, "--exit-after", "2"]);
    await publish(app, 0, 2);
    expect((await first.cli.ended).code).toBe(0);
    const second = await listen([local.url, "--app", app]);
    second.cli.child.kill("SIGINT");
    expect((await second.cli.ended).code).toBe(0);
  });

  it.each([
    [["listen"], 1, "--app"],
    [["listen", "3000", "--app", "a", "--since", "soon"], 2, "15m"],
    [["listen", "ftp://x", "--app", "a"], 1, "neither a port nor"],
    [["listen", "3000", "--app", "missing"], 4, "404"],
  ])("rejects %j with code %i", async (args, expected, text) => {
    const env = { POSTHORN_URL: server.url, POSTHORN_TOKEN: server.token, XDG_CONFIG_HOME: folder.path };
    await using cli = runCli(args, env);
    const { code, stderr } = await cli.ended;
    expect({ code, stderr }).toMatchObject({ code: expected, stderr: expect.stringContaining(text) });
  });
});
