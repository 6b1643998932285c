/** Commands that call a server: sign-in, publishing, lists, replays, triggers and completion. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@posthorn/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";
import { useWorld } from "../lib/world.ts";

describe("commands that call a server", () => {
  const world = useWorld();
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());

  const withToken = () => ({ POSTHORN_URL: world.server.url, POSTHORN_TOKEN: world.server.token });

  async function run(args: readonly string[], env: Record<string, string> = withToken()) {
    await using command = runCli(args, { XDG_CONFIG_HOME: folder.path, ...env });
    return await command.ended;
  }

  async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await run([...args, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it("stores a token that the server accepts, in a file that only the user can read", async () => {
    const token = join(folder.path, "token");
    const wrong = join(folder.path, "wrong");
    await writeFile(token, `${world.server.token}\n`);
    await writeFile(wrong, "sk_wrong\n");
    const { url } = world.server;
    const refused = await run(["login", "--url", url, "--with-token", `@${wrong}`], {});
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("401") });
    expect((await run(["apps", "ls"], {})).stderr).toContain("posthorn login");
    expect(await run(["login", "--url", url, "--with-token", `@${token}`], {})).toMatchObject({ code: 0 });
    const path = join(folder.path, "posthorn", "config.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await run(["apps", "ls"], {})).toMatchObject({ code: 0, stderr: "" });
    // The token of a profile is not sent to another server.
    const elsewhere = await run(["apps", "ls", "--url", "http://127.0.0.1:1"], {});
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining("Sign in") });
    expect((await run(["profiles"], {})).stdout).toContain(`* default  ${url}`);
    expect(await run(["logout"], {})).toMatchObject({ code: 0 });
    expect(await readFile(path, "utf8")).not.toContain(world.server.token);
  });

  it("creates, lists, shows and deletes applications and endpoints", async () => {
    const app = await json("apps", "create", "Acme", "--uid", "acme");
    const endpoint = await json("endpoints", "create", world.receiver.url, "--app", "acme");
    expect((await run(["endpoints", "ls", "--app", "acme"])).stdout).toContain(String(endpoint["id"]));
    expect(await json("apps", "get", "acme")).toMatchObject({ id: app["id"], name: "Acme" });
    expect(await run(["apps", "rm", "acme"])).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });
    expect(await run(["endpoints", "rm", String(endpoint["id"]), "--app", "acme", "--yes"])).toMatchObject({ code: 0 });
    expect(await run(["endpoints", "get", String(endpoint["id"]), "--app", "acme"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("404"),
    });
  });

  it("publishes, shows and resends a message", async () => {
    await json("apps", "create", "Shop", "--uid", "shop");
    const endpoint = await json("endpoints", "create", world.receiver.url, "--app", "shop");
    const message = await json("publish", "invoice.paid", "--app", "shop", "--data", '{"amount":1250}');
    const id = String(message["id"]);
    await world.receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    expect((await run(["events", "ls", "--app", "shop"])).stdout).toContain(id);
    expect(await json("events", "get", id, "--app", "shop")).toMatchObject({ payload: { amount: 1250 } });
    expect((await run(["events", "get", id, "--app", "shop"])).stdout).toContain(String(endpoint["id"]));
    expect(await run(["events", "replay", id, "--app", "shop"])).toMatchObject({ code: 0 });
    await eventually(() =>
      expect(world.receiver.requests.filter(({ headers }) => headers["webhook-id"] === id)).toHaveLength(2),
    );
    expect((await run(["events", "open", id, "--app", "shop"])).stdout).toBe(
      `${world.server.url}/applications/shop/messages/${id}\n`,
    );
    expect(await run(["replay", "--app", "shop", "--since", "1h", "--dry-run"])).toMatchObject({ code: 0 });
    expect(world.receiver.requests.filter(({ headers }) => headers["webhook-id"] === id)).toHaveLength(2);
    expect(await run(["replay", "--app", "shop", "--since", "1h"])).toMatchObject({ code: 0 });
    await eventually(() =>
      expect(world.receiver.requests.filter(({ headers }) => headers["webhook-id"] === id)).toHaveLength(3),
    );
    const all = await json("replay", "--all", "--since", "1h", "--cause", "502", "--dry-run");
    expect(all).toMatchObject({ toSend: 0, exact: true });
    expect(await run(["replay", "--since", "1h"])).toMatchObject({ code: 1 });
    expect(await run(["replay", "--app", "shop", "--since", "1h", "--host", "a.test"])).toMatchObject({ code: 1 });
    expect(await run(["publish", "invoice.paid", "--app", "shop", "--data", "{"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--data is not JSON"),
    });
  });

  it.each([
    ["stripe", "invoice.paid", "whsec_local", "data.object.amount_paid=1"],
    ["github", "pull_request.opened", "s3cret", "pull_request.title=Other"],
    ["gitlab", "push", "s3cret", "ref=refs/heads/dev"],
    ["shopify", "orders/create", "s3cret", "email=a@example.com"],
    ["slack", "app_mention", "s3cret", "event.channel=C1"],
  ])("triggers an event that verifies as one of %s", async (provider, event, secret, setting) => {
    const source = await json("sources", "create", provider, "--type", provider, "--secret", secret);
    const id = String(source["id"]);
    const sent = await run(["trigger", provider, event, "--source", id, "--secret", secret, "--set", setting]);
    expect(sent).toMatchObject({ code: 0 });
    const { data } = await json("events", "ls", "--app", id);
    expect(data).toHaveLength(1);
    const forged = await run(["trigger", provider, event, "--source", id, "--secret", "wrong"]);
    expect(forged).toMatchObject({ code: 1 });
    expect((await json("events", "ls", "--app", id))["data"]).toHaveLength(1);
  });

  it("rejects a field that the body does not have, and a provider that does not exist", async () => {
    const to = ["--to", world.receiver.url, "--secret", "s"];
    expect(await run(["trigger", "github", "push", ...to, "--set", "a.b.c=1"])).toMatchObject({ code: 1 });
    expect(await run(["trigger", "nothing", "push", ...to])).toMatchObject({ code: 1 });
    expect(await run(["trigger", "github", "nothing", ...to])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("pull_request.opened"),
    });
  });

  it("prints events as they happen", async () => {
    await json("apps", "create", "Tail", "--uid", "tail");
    await using tail = runCli(["tail", "--app", "tail", "--json"], { XDG_CONFIG_HOME: folder.path, ...withToken() });
    let text = "";
    tail.child.stdout!.on("data", (chunk: string) => (text += chunk));
    await eventually(async () => {
      await json("publish", "invoice.paid", "--app", "tail");
      expect(text).toContain('"type":"message.accepted"');
    });
    tail.child.kill("SIGINT");
    expect((await tail.ended).code).toBe(0);
  });

  it.each(["bash", "zsh", "fish"])("prints a completion script for %s with every command", async (shell) => {
    const { code, stdout } = await run(["completion", shell]);
    expect(code).toBe(0);
    for (const name of ["listen", "trigger", "verify", "events", "replay", "take-over"]) expect(stdout).toContain(name);
  });

  it("shows examples in the help of a command", async () => {
    const { code, stdout } = await run(["listen", "--help"]);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("$ posthorn listen 3000 --app acme"),
    });
  });
});
