import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasEnded, ownMark } from "./process-mark.ts";

const own = ownMark();

describe.skipIf(own === null)("the mark of a process", () => {
  const [machine, pid, startedAt] = own!.split("/") as [string, string, string];

  it("shows that a running process has not exited", () => {
    expect(hasEnded(own!)).toBe(false);
  });

  it("proves that a killed process has exited, but not earlier", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const mark = [machine, child.pid, stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]].join("/");
    expect(hasEnded(mark)).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(hasEnded(mark)).toBe(true);
  });

  it("proves that a process has exited if another process now has its ID", () => {
    expect(hasEnded([machine, pid, String(Number(startedAt) - 1)].join("/"))).toBe(true);
  });

  it.each([
    ["another machine", ["other:1", "999999999", "1"]],
    ["another container", [machine.replace(/\d+$/, "1"), "999999999", "1"]],
    ["nothing", [""]],
  ])("proves nothing about a process of %s", (_, parts) => {
    expect(hasEnded(parts.join("/"))).toBe(false);
  });
});
