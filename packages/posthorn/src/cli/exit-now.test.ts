import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FILE = JSON.stringify(fileURLToPath(new URL("./exit-now.ts", import.meta.url)));

/** Runs code and then `exitNow(3)`. Returns how the process exited. */
function ending(before: string, flags: readonly string[] = []) {
  const code = `import(${FILE}).then(({ exitNow }) => { ${before}; exitNow(3); });`;
  const { status, signal } = spawnSync(process.execPath, [...flags, "--eval", code]);
  return { status, signal };
}

describe.skipIf(process.platform === "win32")("an exit that does not wait for threads", () => {
  it("has the given code", () => {
    expect(ending("")).toEqual({ status: 3, signal: null });
  });

  it("is by signal if the Node binary has been moved", () => {
    expect(ending(`process.execPath = "/nowhere/node"`)).toEqual({ status: null, signal: "SIGKILL" });
  });

  it("is by signal if the process may not run other programs", () => {
    const flags = ["--permission", "--allow-fs-read=*"];
    expect(ending("", flags)).toEqual({ status: null, signal: "SIGKILL" });
  });
});
