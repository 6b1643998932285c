/** The configuration of Caddy in `deploy/caddy`, with Caddy itself in front of a server and of a node that is down. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { caddy, freePort, startReceiver } from "@posthorn/testkit";
import { TestProgram } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";
import { useWorld } from "../lib/world.ts";

const CADDYFILE = fileURLToPath(new URL("../../deploy/caddy/Caddyfile", import.meta.url));
const program = caddy();

describe.skipIf(program === null)("Caddy in front of two nodes, one of which is down", () => {
  const world = useWorld({ env: { POSTHORN_TRUSTED_PROXIES: "127.0.0.1" } });
  const folder = temporaryFolder();
  let proxy: TestProgram;
  let url = "";

  beforeAll(async () => {
    url = `http://127.0.0.1:${await freePort()}`;
    const dead = `127.0.0.1:${await freePort()}`;
    proxy = new TestProgram({
      name: "caddy",
      command: program!,
      args: ["run", "--config", CADDYFILE, "--adapter", "caddyfile"],
      env: {
        POSTHORN_HOST: url,
        POSTHORN_NODES: `${dead} ${new URL(world.server.url).host}`,
        HOME: folder.path,
        XDG_DATA_HOME: folder.path,
        XDG_CONFIG_HOME: folder.path,
      },
      ready: () => fetch(`${url}/health/live`),
    });
    await proxy.start();
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const headers = (): Record<string, string> => ({
    authorization: `Bearer ${world.server.token}`,
    "content-type": "application/json",
  });
  const get = (path: string): Promise<Response> => fetch(`${url}${path}`, { headers: headers() });
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body), headers: headers() });

  it("answers every request, reads and writes", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => [
        (await get("/health/ready")).status,
        (await post("/api/v1/app", { name: `App ${n}`, uid: `app-${n}` })).status,
      ]),
    );
    expect(new Set(statuses.flat())).toEqual(new Set([204, 201]));
  });

  it("does not let clients choose their address", async () => {
    const source = {
      name: "From one address",
      type: "generic-webhook",
      verification: { scheme: "none" },
      allowedAddresses: ["203.0.113.7"],
    };
    const created = (await (await post("/ingest/api/v1/source", source)).json()) as { ingestUrl: string };
    const inbound = new URL(created.ingestUrl).pathname;
    const sent = (base: string): Promise<Response> =>
      fetch(`${base}${inbound}`, { method: "POST", body: "{}", headers: { "x-forwarded-for": "203.0.113.7" } });
    // The header is trusted if it comes from a proxy, and the server treats this test as one.
    expect((await sent(world.server.url)).status).toBe(200);
    expect((await sent(url)).status).toBe(403);
  });

  it("passes on the largest payload", async () => {
    await post("/api/v1/app", { name: "Large", uid: "large" });
    const payload = { text: '"'.repeat(524_000) };
    const response = await post("/api/v1/app/large/msg", { eventType: "large.sent", payload });
    expect(response.status).toBe(202);
  });

  it("passes on live events immediately, and connections of listeners", async () => {
    await post("/api/v1/app", { name: "Live", uid: "live" });
    await using local = await startReceiver();
    await using listener = runCli(["listen", local.url, "--app", "live", "--output", "json"], {
      POSTHORN_URL: url,
      POSTHORN_TOKEN: world.server.token,
      XDG_CONFIG_HOME: folder.path,
    });
    const lines = createInterface(listener.child.stdout!);
    while (!String(await once(lines, "line")).includes('"connected"'));
    const live = await get("/api/v1/live");
    await post("/api/v1/app/live/msg", { eventType: "invoice.paid", payload: { n: 1 } });
    let text = "";
    // Leaving the loop closes the stream.
    for await (const chunk of live.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes("message.accepted")) break;
    }
    const { body } = await local.waitFor(() => true);
    expect(body.toString()).toBe('{"n":1}');
  });
});
