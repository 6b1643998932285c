/** Dry run of a release: the packages are packed as for publishing, then installed and used in an empty folder. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { faultsOf } from "../../scripts/release/packages.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the script with npm in dry-run mode, so that `npm publish` would send nothing. */
const release = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("node", ["scripts/release.ts", ...args], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, npm_config_dry_run: "true" },
  });

describe("a release", () => {
  it("publishes packages that install into an empty folder, compile, start and deliver a message", () => {
    const { status, stdout, stderr } = spawnSync("node", ["scripts/release.ts"], { cwd: REPOSITORY, encoding: "utf8" });
    expect(stderr).not.toContain("failed");
    expect(stdout).toMatch(/posthorn --version: \d+\.\d+\.\d+\n/);
    expect(stdout).toMatch(/a program that uses all of them: verified msg_\w+\n/);
    expect(stdout).toMatch(/Nothing was published\.\n$/);
    expect(status).toBe(0);
  });

  it("is refused for a commit without the tag of its version", () => {
    const { status, stderr } = release("--publish");
    expect(stderr).toMatch(/Not ready to publish:\n[^]*Tag this commit v\d/);
    expect(status).toBe(1);
  });
});

describe("the contents of a package", () => {
  const lab = ["dist/lab/index.js", "dist/lab/index.d.ts"];
  const files = ["package.json", "README.md", "LICENSE", ...lab, "dist/index.js", "dist/index.d.ts"];

  it("are complete with everything that its manifest names", () => {
    expect(faultsOf("egress", { files, bytes: 1000 })).toEqual([]);
    expect(faultsOf("egress", { files: files.slice(0, -1), bytes: 1000 })).toEqual(["egress lacks dist/index.d.ts."]);
  });

  it.each([
    "src/index.ts",
    "dist/url.test.js",
    "dist/tsconfig.tsbuildinfo",
    ".env",
    "data/posthorn.db",
    "test/key.pem",
  ])("exclude %s", (path) => {
    expect(faultsOf("egress", { files: [...files, path], bytes: 1000 })).toEqual([`egress contains ${path}.`]);
  });

  it("stay below eight MiB", () => {
    expect(faultsOf("egress", { files, bytes: 9_000_000 })).toEqual(["egress has 9000000 bytes, more than 8388608."]);
  });
});
