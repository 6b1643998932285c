import { describe, expect, it } from "vitest";
import { boundedCommandLine, type StartedProcess } from "./young-generation.ts";

const STARTED: StartedProcess = {
  execPath: "/usr/bin/node",
  nodeFlags: ["--enable-source-maps"],
  environmentFlags: [],
  args: ["/opt/posthorn/main.js", "start", "--dev"],
  hasChannel: false,
  canReplace: true,
};

describe("the young generation of a server", () => {
  it("is bounded by a flag before the flags and arguments of the process", () => {
    expect(boundedCommandLine(STARTED)).toEqual([
      "/usr/bin/node",
      "--max-semi-space-size=8",
      "--enable-source-maps",
      "/opt/posthorn/main.js",
      "start",
      "--dev",
    ]);
  });

  it.each<[string, Partial<StartedProcess>]>([
    ["the command line bounds it", { nodeFlags: ["--max-semi-space-size=32"] }],
    ["the command line bounds it in V8's spelling", { nodeFlags: ["--max_semi_space_size=32"] }],
    ["NODE_OPTIONS bounds it", { environmentFlags: ["--max-semi-space-size=32"] }],
    ["the command is another one", { args: ["/opt/posthorn/main.js", "config"] }],
    ["the parent process talks to it", { hasChannel: true }],
    ["the system cannot replace a process", { canReplace: false }],
  ])("is not changed if %s", (_reason, difference) => {
    expect(boundedCommandLine({ ...STARTED, ...difference })).toBeNull();
  });
});
