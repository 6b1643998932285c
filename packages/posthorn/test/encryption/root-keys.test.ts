/** Root keys of whole nodes: their sources, their replacement, and the commands for them. */
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort, startReceiver } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { onPostgres, temporaryFolder } from "../support/store.ts";

const SECRET_PATH = "app/shop/endpoint/hook/secret";
const newKey = (): string => randomBytes(32).toString("base64");

async function call(node: TestNode, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${node.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
}

async function endpointAt(node: TestNode, url: string): Promise<unknown> {
  await call(node, "POST", "app", { name: "Shop", uid: "shop" });
  await call(node, "POST", "app/shop/endpoint", { url, uid: "hook", headers: { "x-key": "secret" } });
  return secretOf(node);
}

async function secretOf(node: TestNode): Promise<unknown> {
  return (await call(node, "GET", SECRET_PATH))["key"];
}

interface Keys {
  readonly POSTHORN_ENCRYPTION_KEY: string;
  readonly POSTHORN_ENCRYPTION_KEY_PREVIOUS?: string;
}

let output: string;
beforeEach(() => {
  output = "";
  const keep = (text: string | Uint8Array): boolean => {
    output += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs `posthorn keys` and returns its exit code. The clock moves on, so that a rotation does not wait for requests to settle. */
async function keys(node: TestNode, command: "list" | "verify" | "rotate", clock?: ShiftedClock): Promise<number> {
  output = "";
  let hasEnded = false;
  const ended = runProgram(["keys", command, "--url", node.url, "--token", node.token]).finally(
    () => (hasEnded = true),
  );
  if (clock !== undefined) {
    await eventually(() => {
      clock.advance(1000);
      if (!hasEnded) throw new Error("still running");
    });
  }
  return ended;
}

describe("posthorn keys", () => {
  it("lists the keys, rotates, and checks all values, with exit code 1 if one cannot be decrypted", async () => {
    using folder = temporaryFolder();
    const clock = new ShiftedClock();
    await using node = await startNode(folder.path, { clock });
    await endpointAt(node, "http://127.0.0.1:8999/hook");
    expect(await keys(node, "list")).toBe(0);
    expect(output).toMatch(/^KEY +STATE +ROOT KEY +CREATED +DESTROYED\n1 +sealing +local:[0-9a-f]{16} /);
    expect(output).toMatch(/\nNODE +HOST +ROOT KEY +ENCRYPTS WITH\n\d+ +\S+ +local:[0-9a-f]{16} +1\n/);

    expect(await keys(node, "rotate", clock)).toBe(0);
    expect(output).toMatch(/(reseal|destroy): [1-9]\d* values read, [1-9]\d* encrypted again\n/);
    expect(output).toContain("The rotation is complete. The other data keys have been destroyed.");
    expect(await keys(node, "list")).toBe(0);
    expect(output).toMatch(/\n2 +sealing .*\n1 +destroyed +- /);
    expect(await keys(node, "verify")).toBe(0);
    expect(output).toMatch(/\nendpoint_secret\.secret_sealed +2 +1\n/);

    await node.services.store.transaction(({ db }) =>
      db
        .updateTable("endpoint")
        .set({ headers_sealed: randomBytes(80) })
        .execute(),
    );
    expect(await keys(node, "verify")).toBe(1);
    expect(output).toMatch(/cannot be decrypted: endpoint\.headers_sealed of row \d+\n/);
    expect(output).toContain("1 values cannot be decrypted.");
    expect(await keys(node, "rotate", clock)).toBe(1);
    expect(output).toContain("No key was destroyed.");
    expect(await runProgram(["keys", "list", "--url", node.url, "--token", "wrong"])).toBe(1);
  });
});

describe("a root key", () => {
  it("moves from the data folder to the setting, to a file and to a command without a rotation", async () => {
    using folder = temporaryFolder();
    using keyFolder = temporaryFolder();
    const key = newKey();
    const [file, script] = [join(keyFolder.path, "key"), join(keyFolder.path, "key.sh")];
    writeFileSync(file, `${key}\n`);
    writeFileSync(script, '#!/bin/sh\ncat "$1"\n');
    chmodSync(script, 0o700);
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, "encryption.key"), key);
    const settings = ["", key, `file:${file}`, `command:${script} ${file}`];
    const secrets = new Set<unknown>();
    for (const [index, setting] of settings.entries()) {
      await using node = await startNode(folder.path, { env: { POSTHORN_ENCRYPTION_KEY: setting } });
      secrets.add(index === 0 ? await endpointAt(node, "http://127.0.0.1:8999/hook") : await secretOf(node));
    }
    expect(secrets.size).toBe(1);
  });

  it("that cannot be read or reached prevents the start, with a code and the reason", async () => {
    using folder = temporaryFolder();
    const start = (setting: string): Promise<TestNode> =>
      startNode(folder.path, { env: { POSTHORN_ENCRYPTION_KEY: setting } });
    const code = "encryption_key_unavailable";
    await expect(start("file:/does/not/exist")).rejects.toMatchObject({
      code,
      message: expect.stringContaining("The file with the encryption key cannot be read: ENOENT"),
    });
    await expect(start("command:/bin/cat /does/not/exist")).rejects.toMatchObject({
      code,
      message: expect.stringContaining("The command /bin/cat failed with exit code 1. It wrote to standard error:"),
    });
    await expect(start("command:/bin/echo not-a-key")).rejects.toMatchObject({
      code,
      message: expect.stringContaining("32 bytes in base64"),
    });
    const port = await freePort();
    const arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDOFATEST");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("VAULT_TOKEN", "hvs.test");
    await expect(start(`awskms:${arn}?endpoint=http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^AWS KMS at http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/),
    });
    await expect(start(`vault:http://127.0.0.1:${port}/transit/posthorn`)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^Vault at http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/),
    });
    // Nothing was created, so that the key can still be chosen freely.
    await using node = await start(newKey());
    expect((await call(node, "GET", "encryption"))["keys"]).toMatchObject([{ id: 1, state: "sealing" }]);
  });
});

describe.skipIf(onPostgres)("a backup, and a copy of the database", () => {
  it("need the root key with which they were made", async () => {
    using folder = temporaryFolder();
    using backup = temporaryFolder();
    using target = temporaryFolder();
    const [before, after] = [newKey(), newKey()];
    const clock = new ShiftedClock();
    const start = (path: string, env: Keys): Promise<TestNode> => startNode(path, { clock, env: { ...env } });
    let secret: unknown;
    {
      await using node = await start(folder.path, { POSTHORN_ENCRYPTION_KEY: before });
      secret = await endpointAt(node, "http://127.0.0.1:8999/hook");
    }
    cpSync(folder.path, backup.path, { recursive: true });
    await expect(start(folder.path, { POSTHORN_ENCRYPTION_KEY: after })).rejects.toThrow(
      "POSTHORN_ENCRYPTION_KEY_PREVIOUS",
    );
    {
      const both = { POSTHORN_ENCRYPTION_KEY: after, POSTHORN_ENCRYPTION_KEY_PREVIOUS: before };
      await using node = await start(folder.path, both);
      expect(await keys(node, "rotate", clock)).toBe(0);
    }
    const from = `sqlite:${join(folder.path, "posthorn.db")}`;
    const to = `sqlite:${join(target.path, "posthorn.db")}`;
    // Settings of the tests, which the command would reject.
    for (const name of Object.keys(process.env)) if (name.startsWith("POSTHORN_")) vi.stubEnv(name, undefined);
    const copy = (key: string): Promise<number> =>
      runProgram(["copy", "--from", from, "--to", to, "--encryption-key", key]);
    expect(await copy(before)).toBe(1);
    expect(output).toContain("is not the one that they were encrypted with");
    expect(await copy(after)).toBe(0);
    await expect(start(target.path, { POSTHORN_ENCRYPTION_KEY: before })).rejects.toMatchObject({
      code: "config_invalid",
    });
    {
      await using copied = await start(target.path, { POSTHORN_ENCRYPTION_KEY: after });
      expect(await secretOf(copied)).toBe(secret);
      expect(await keys(copied, "verify")).toBe(0);
    }
    await expect(start(backup.path, { POSTHORN_ENCRYPTION_KEY: after })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("POSTHORN_ENCRYPTION_KEY_PREVIOUS"),
    });
    await using restored = await start(backup.path, { POSTHORN_ENCRYPTION_KEY: before });
    expect(await secretOf(restored)).toBe(secret);
  });
});

describe("a server whose root key was lost", () => {
  it("starts with a new one once the data keys are marked as destroyed, and delivers again once secrets are replaced", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: () => 204 });
    const start = (key: string): Promise<TestNode> =>
      startNode(folder.path, { env: { POSTHORN_ENCRYPTION_KEY: key, POSTHORN_RETRY_SCHEDULE: "1,1,1,1,1,1" } });
    {
      await using node = await start(newKey());
      await endpointAt(node, `${receiver.url}/hook`);
      await call(node, "POST", "app/shop/msg", { eventType: "order.paid", payload: { n: 1 } });
      await receiver.waitForCount(1);
      await node.services.store.transaction(({ db }) =>
        db.updateTable("encryption_key").set({ state: "destroyed", wrapped: null }).execute(),
      );
    }
    await using node = await start(newKey());
    expect((await call(node, "GET", "app/shop/msg"))["data"]).toHaveLength(1);
    await expect(secretOf(node)).rejects.toThrow("storage_corrupt");
    expect(await keys(node, "verify")).toBe(1);
    expect(output).toMatch(/cannot be decrypted: endpoint\.headers_sealed of row \d+\n/);

    await call(node, "PUT", "app/shop/endpoint/hook/headers", { headers: { "x-key": "secret again" } });
    const key = `whsec_${randomBytes(24).toString("base64")}`;
    await call(node, "POST", "app/shop/endpoint/hook/secret/rotate", { key, gracePeriodSeconds: 0 });
    expect(await secretOf(node)).toBe(key);
    await call(node, "POST", "app/shop/msg", { eventType: "order.paid", payload: { n: 2 } });
    await receiver.waitForCount(2);
    expect(receiver.requests.at(-1)!.headers["x-key"]).toBe("secret again");
  });
});

describe.skipIf(!onPostgres)("the nodes of a cluster", () => {
  it("replace the root key one after the other; a node in the wrong order does not start, or blocks the rotation", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: () => 204 });
    const [before, after] = [newKey(), newKey()];
    const both = { POSTHORN_ENCRYPTION_KEY: after, POSTHORN_ENCRYPTION_KEY_PREVIOUS: before };
    const start = (env: Keys): Promise<TestNode> => startNode(folder.path, { env: { ...env } });
    const publish = (node: TestNode): Promise<unknown> =>
      call(node, "POST", "app/shop/msg", { eventType: "order.paid", payload: {} });

    const old = await start({ POSTHORN_ENCRYPTION_KEY: before });
    let other = await start({ POSTHORN_ENCRYPTION_KEY: before });
    const secret = await endpointAt(old, `${receiver.url}/hook`);
    await expect(start({ POSTHORN_ENCRYPTION_KEY: after })).rejects.toThrow("POSTHORN_ENCRYPTION_KEY_PREVIOUS");
    await old[Symbol.asyncDispose]();

    // The other node has the old configuration: the rotation waits for it, and it keeps working.
    await using one = await start(both);
    const { id } = await call(one, "POST", "encryption/rotate");
    const task = (): Promise<Record<string, unknown>> => call(one, "GET", `background-task/${String(id)}`);
    await eventually(async () =>
      expect((await task())["data"]).toMatchObject({ phase: "create", waitingFor: [expect.any(String)] }),
    );
    for (const node of [one, other]) {
      expect(await secretOf(node)).toBe(secret);
      await publish(node);
    }
    await call(other, "POST", "app/shop/endpoint", { url: `${receiver.url}/two`, uid: "two" });
    const fresh = await call(other, "GET", "app/shop/endpoint/two/secret");
    expect(await call(one, "GET", "app/shop/endpoint/two/secret")).toEqual(fresh);
    await receiver.waitForCount(2);

    await other[Symbol.asyncDispose]();
    other = await start(both);
    await eventually(async () => expect(await task()).toMatchObject({ status: "finished" }));
    for (const node of [one, other]) await publish(node);
    await receiver.waitForCount(6);
    await expect(start({ POSTHORN_ENCRYPTION_KEY: before })).rejects.toMatchObject({ code: "config_invalid" });

    await other[Symbol.asyncDispose]();
    await using last = await start({ POSTHORN_ENCRYPTION_KEY: after });
    expect(await call(last, "GET", "app/shop/endpoint/two/secret")).toEqual(fresh);
    expect(await keys(last, "verify")).toBe(0);
    expect((await call(last, "GET", "encryption"))["keys"]).toMatchObject([
      { id: 2, state: "sealing" },
      { id: 1, state: "destroyed" },
    ]);
  });
});
