/** A server on a disk that the test fills, in a mount namespace, so that the rest of the machine is not affected. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, programArguments } from "@posthorn/testkit";
import { expect, test } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

class DiskServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #mount: string;
  output = "";

  /** @param prepare Shell commands run on the mounted disk, `$DISK`, before the server starts. */
  constructor(port: number, prepare: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#mount = mkdtempSync(join(tmpdir(), "posthorn-disk-"));
    const start = [process.execPath, ...programArguments(), "start", "--dev"];
    const script = `mount -t tmpfs -o size=8m tmpfs "$DISK" && ${prepare} && exec "$@"`;
    this.#child = spawn("unshare", ["--map-root-user", "--mount", "sh", "-c", script, "sh", ...start], {
      env: {
        PATH: process.env["PATH"],
        DISK: this.#mount,
        POSTHORN_DATA_DIR: join(this.#mount, "data"),
        POSTHORN_LISTEN: `127.0.0.1:${port}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream!.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** The path of the disk as the server sees it. */
  get disk(): string {
    return `/proc/${this.#child.pid}/root${this.#mount}`;
  }

  /** The token that the server prints once it listens. */
  async token(): Promise<string> {
    return eventually(() => {
      const found = /Token +(\S+)\s/.exec(this.output);
      if (found === null) throw new Error(`No token yet; it wrote:\n${this.output}`);
      return found[1]!;
    });
  }

  fill(): void {
    try {
      writeFileSync(join(this.disk, "filler"), Buffer.alloc(16 * 1024 * 1024));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  makeRoom(): void {
    rmSync(join(this.disk, "filler"));
  }

  async status(path: string): Promise<number> {
    return (await fetch(this.url + path)).status;
  }

  async becomes(path: string, status: number): Promise<void> {
    await eventually(async () => {
      const answered = await this.status(path).catch(() => null);
      if (answered !== status) throw new Error(`${path} answers ${answered}, not ${status}; it wrote:\n${this.output}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "exit");
    }
    rmSync(this.#mount, { recursive: true, force: true });
  }
}

test("a server with a full disk is live but not ready, and accepts messages again once there is space", async () => {
  await using server = new DiskServer(await freePort(), "true");
  await server.becomes("/health/ready", 204);
  const headers = { authorization: `Bearer ${await server.token()}` };
  const publish = async (): Promise<number> => {
    const body = JSON.stringify({
      application: { name: "Demo", uid: "demo" },
      eventType: "a",
      payload: { text: "x".repeat(20_000) },
    });
    return (await fetch(`${server.url}/api/v1/app/demo/msg`, { method: "POST", headers, body })).status;
  };
  expect(await publish()).toBe(202);
  server.fill();
  await eventually(async () => expect(await publish()).toBe(503));
  const ready = await fetch(`${server.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([503, { code: "storage_full" }]);
  expect(await server.status("/health/live")).toBe(204);
  server.makeRoom();
  await server.becomes("/health/ready", 204);
  expect(await publish()).toBe(202);
});

test("a server that starts on a full disk waits, logs the reason, and starts once there is space", async () => {
  const fill = 'mkdir -m 700 "$DISK/data" && printf "%s" "$(head -c 32 /dev/zero | base64)" > "$DISK/data/jwt.secret"';
  const key = 'cp "$DISK/data/jwt.secret" "$DISK/data/encryption.key"';
  const full = '{ head -c 16m /dev/zero > "$DISK/filler" 2>/dev/null || true; }';
  await using server = new DiskServer(await freePort(), [fill, key, full].join(" && "));
  await server.becomes("/health/live", 204);
  const ready = await fetch(`${server.url}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([503, { reason: "disk_full" }]);
  expect(server.output).toMatch(/waiting for the database.*is full\. Free some space/);
  server.makeRoom();
  await server.becomes("/health/ready", 204);
});

test.each([
  ["that is a file", (folder: string) => writeFileSync(join(folder, "data"), ""), "data"],
  ["below a file", (folder: string) => writeFileSync(join(folder, "data"), ""), "data/inner"],
])("a data folder %s is refused with a message", async (_title, prepare, name) => {
  using folder = temporaryFolder();
  prepare(folder.path);
  const env = {
    POSTHORN_DATA_DIR: join(folder.path, name),
    POSTHORN_LISTEN: "127.0.0.1:0",
    POSTHORN_JWT_SECRET: "x".repeat(32),
    POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
  };
  await using cli = runCli(["start"], env);
  const { code, stderr } = await cli.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^posthorn: The data folder .+ cannot be used: .+\. Make it writable, .+\n$/);
});
