import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { outputOf } from "./command-key.ts";

/** Runs a shell script as the command. */
function run(script: string, timeoutMs = 30_000): Promise<string> {
  return outputOf({ program: "/bin/sh", args: ["-c", script], timeoutMs });
}

describe("the command of a root key", () => {
  it("gets its arguments unchanged, without a shell", async () => {
    expect(await outputOf({ program: "/bin/echo", args: ["$HOME", "a;b"] })).toBe("$HOME a;b\n");
  });

  it("that fails is reported with its exit code and its error output, and never with its output", async () => {
    await expect(run("echo the-key; echo no such entry >&2; exit 3")).rejects.toMatchObject({
      code: "encryption_key_unavailable",
      message: "The command /bin/sh failed with exit code 3. It wrote to standard error: no such entry",
    });
  });

  it("that does not exist, or is killed by a signal, is reported with the reason", async () => {
    await expect(outputOf({ program: "/does/not/exist", args: [] })).rejects.toThrow("cannot be started");
    await expect(run("kill -TERM $$")).rejects.toThrow("was ended by SIGTERM");
  });

  it("that does not exit is killed with the processes that it started", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "child");
    await expect(run(`sleep 600 & echo $! > ${file}; wait`, 1000)).rejects.toThrow("did not end within 1 seconds");
    const child = Number(readFileSync(file, "utf8"));
    await expect.poll(() => isRunning(child)).toBe(false);
  });

  it("that prints without end is killed, and its error output is truncated", async () => {
    await expect(run("yes")).rejects.toThrow("printed more than 1024 bytes");
    const error = await run("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1").catch((cause: unknown) => cause);
    expect((error as Error).message.length).toBeLessThan(500);
  });

  it("whose file is not executable is reported with the reason", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "key.sh");
    writeFileSync(path, "#!/bin/sh\necho key\n");
    chmodSync(path, 0o600);
    await expect(outputOf({ program: path, args: [] })).rejects.toThrow("EACCES");
  });
});

function isRunning(pid: number): boolean {
  try {
    // A killed process without a parent that waits for it remains as a zombie in containers without an init process.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
