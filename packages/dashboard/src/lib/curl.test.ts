import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { toCurl } from "./curl.ts";

describe("a curl command", () => {
  it("passes every argument through a shell unchanged, whatever the body contains", () => {
    const body = `it's "$(whoami)" \`id\` \\ $HOME\nand a line`;
    const command = toCurl({ method: "POST", url: "http://x/?a=1&b='", headers: [{ name: "x-a", value: "'" }], body });
    const script = command.replace(/^curl/, "printf '%s\\0'");
    const words = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
    expect(words).toEqual(["-X", "POST", "http://x/?a=1&b='", "-H", "x-a: '", "--data-binary", body]);
  });
});
