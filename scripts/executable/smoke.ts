/** Runs an executable as a new user would: in an empty folder, without Node on the path. */
import assert from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deliver, type StartedServer, withServer } from "../release/first-delivery.ts";

/** Ten minutes, because a busy machine needs three. */
const EMULATED_START_MS = 600_000;
/** Runs in the QuickJS sandbox, in a thread. */
const TRANSFORMATION = "function handler(webhook) { webhook.payload.amount += 1; return webhook; }";

/**
 * Returns the completed checks, one line each. Throws with the reason if one fails. Emulation takes ten times the CPU time, so each program
 * that starts costs minutes there: an emulated executable starts once, and shows that SQLite, the threads, the sandbox and the pages work.
 *
 * @param emulator Command that runs executables of another architecture, such as `qemu-aarch64-static -L /usr/aarch64-linux-gnu`.
 */
export async function tryExecutable(path: string, emulator = ""): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-executable-"));
  const words = [...emulator.split(" ").filter((word) => word !== ""), path];
  const [command = path, args] = [words[0], words.slice(1)];
  const isEmulated = emulator !== "";
  const cwd = join(folder, "empty");
  mkdirSync(cwd);
  // The cache folder is created below HOME. The sandbox is stopped after ten times the CPU limit, which emulation would exceed while it
  // compiles the sandbox.
  const limits = isEmulated ? { POSTHORN_TRANSFORM_CPU_MS: "10000" } : {};
  const env = { PATH: "/nonexistent", HOME: join(folder, "home"), ...limits };
  const place = { cwd, env, ...(isEmulated ? { startMs: EMULATED_START_MS } : {}) };
  try {
    const first = await withServer(command, args, place, async (server) => {
      const { headers, body } = await deliver(server, TRANSFORMATION);
      assert.strictEqual(body, '{"amount":13}');
      assert.match(String(headers["webhook-signature"]), /^v1,/);
      await tryPages(server);
      if (isEmulated) return server.readyMs;
      const health = spawnSync(command, [...args, "health"], {
        cwd,
        env: { ...env, POSTHORN_LISTEN: new URL(server.url).host },
        encoding: "utf8",
      });
      assert.strictEqual(health.status, 0, `posthorn health: ${health.stdout}${health.stderr}`);
      return server.readyMs;
    });
    assert(readdirSync(join(cwd, "data")).includes("posthorn.db"), "The server stores its data in another folder.");
    if (isEmulated) return [`the executable, emulated: ready after ${first} ms; delivered a transformed message`];
    const second = await withServer(command, args, place, (server) => Promise.resolve(server.readyMs));
    return [
      `the executable: ready after ${first} ms, and ${second} ms when it is unpacked; delivered a transformed message`,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Dashboard, portal and documentation, each with a file that its page loads. */
async function tryPages({ url }: StartedServer): Promise<void> {
  for (const path of ["/", "/portal", "/docs/"]) {
    const page = await fetch(url + path, { headers: { accept: "text/html" } });
    const html = await page.text();
    assert.strictEqual(page.status, 200, `${path}: HTTP ${page.status}`);
    const script = /<script[^>]* src="([^"]+)"/.exec(html)?.[1];
    assert(script !== undefined, `${path} loads no script.`);
    const file = await fetch(new URL(script, url + path));
    assert.strictEqual(file.status, 200, `${path} loads ${script}: HTTP ${file.status}`);
  }
}
