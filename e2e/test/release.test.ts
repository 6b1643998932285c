/** Dry run of a release: the packages are packed as for publishing, then installed and used in an empty folder. */
import assert from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { faultsOf } from "../../scripts/release/packages.ts";
import { repositoryOf, withRepository } from "../../scripts/release/repository.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** It packs and installs everything, compiles and starts a server: 108 s of processor time, shared with the tests that run beside it. */
const RELEASE_MS = 1_200_000;

/** Tries to publish, with npm in dry-run mode, so that `npm publish` would send nothing. */
const release = (
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("node", ["scripts/release.ts", "--publish"], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, npm_config_dry_run: "true", ...env },
  });

describe("a release", () => {
  it(
    "publishes packages that install into an empty folder, compile, start and deliver a message",
    { timeout: RELEASE_MS },
    () => {
      const { status, stdout, stderr } = spawnSync("node", ["scripts/release.ts"], {
        cwd: REPOSITORY,
        encoding: "utf8",
      });
      expect(stderr).not.toContain("failed");
      expect(stdout).toMatch(/posthorn --version: \d+\.\d+\.\d+\n/);
      expect(stdout).toMatch(/posthorn installed: \d+\.\d MiB, no dependencies\n/);
      expect(stdout).toMatch(/Bill of materials: CycloneDX, \d{3} components\n/);
      expect(stdout).toMatch(/a program that uses all of them: verified msg_\w+\nembedded embedded\n/);
      expect(stdout).toMatch(/npx posthorn from a registry: \d+\.\d MiB fetched, first delivery after \d+\.\d s\n/);
      expect(stdout).toMatch(/Nothing was published\.\n$/);
      expect(status).toBe(0);
    },
  );

  it(
    "also makes a single executable, which runs in an empty folder without Node on the path",
    { timeout: RELEASE_MS },
    () => {
      const into = mkdtempSync(join(tmpdir(), "posthorn-executable-"));
      const args = ["scripts/executable.ts", "--staged", "--into", into];
      const { status, stdout, stderr } = spawnSync("node", args, { cwd: REPOSITORY, encoding: "utf8" });
      rmSync(into, { recursive: true, force: true });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/posthorn-linux-\w+: \d+\.\d MiB\n/);
      expect(stdout).toMatch(
        /the executable: ready after \d+ ms, and \d+ ms when it is unpacked; delivered a transformed/,
      );
    },
  );

  // Only root can make a root file system of its own for a process.
  it.skipIf(process.getuid?.() !== 0)(
    "also makes the container image, whose server starts as an unprivileged user on a read-only root",
    { timeout: RELEASE_MS },
    () => {
      const args = ["scripts/image.ts", "--staged"];
      const { status, stdout } = spawnSync("node", args, { cwd: REPOSITORY, encoding: "utf8" });
      expect(stdout).toMatch(/Root file system: \d+ MB\n/);
      expect(stdout).toMatch(/Healthy as user 10001 on a read-only root after \d+ ms\n/);
      expect(status).toBe(0);
    },
  );

  it("is refused without the repository that provenance names, and takes it from a variable or the remote", () => {
    const nowhere = "not a URL";
    expect(release({ POSTHORN_RELEASE_REPOSITORY: nowhere }).stderr).toContain(
      "Set POSTHORN_RELEASE_REPOSITORY to the URL",
    );
    const { stderr } = release({ POSTHORN_RELEASE_REPOSITORY: "https://git.example.com/acme/posthorn" });
    expect(stderr).toContain("Not ready to publish");
    expect(stderr).not.toContain("POSTHORN_RELEASE_REPOSITORY");
  });

  it.each([
    ["https://git.example.com/acme/posthorn", "git+https://git.example.com/acme/posthorn.git"],
    ["git@git.example.com:acme/posthorn.git", "git+https://git.example.com/acme/posthorn.git"],
    ["ssh://git@git.example.com/acme/posthorn.git/", "git+https://git.example.com/acme/posthorn.git"],
    ["/srv/posthorn", null],
    ["file:///srv/posthorn.git", null],
    ["../posthorn", null],
    ["http://localhost/acme/posthorn", null],
    ["", null],
  ])("reads the repository from %s", (remote, url) => {
    expect(repositoryOf(undefined, remote)).toBe(url);
    expect(repositoryOf(remote, "git@other.example.com:acme/other.git")).toBe(
      remote === "" ? "git+https://other.example.com/acme/other.git" : url,
    );
  });

  it("names the repository in the packages, and changes nothing else", () => {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-repository-"));
    try {
      mkdirSync(join(folder, "acme"));
      writeFileSync(join(folder, "acme/package.json"), JSON.stringify({ name: "acme", version: "1.2.3" }));
      writeFileSync(join(folder, "acme/index.js"), "export const acme = 1;\n");
      spawnSync("npm", ["pack", "--pack-destination", folder], { cwd: join(folder, "acme") });
      const tarball = join(folder, "acme-1.2.3.tgz");
      const packed = { name: "acme", version: "1.2.3", tarball, bytes: 1, files: [], leaking: [] };
      const url = "git+https://git.example.com/acme/posthorn.git";
      const named = withRepository(packed, url, "packages/acme", join(folder, "named"));
      const read = (file: string): string =>
        spawnSync("tar", ["-xOf", named.tarball, `package/${file}`], { encoding: "utf8" }).stdout;
      const repository = { type: "git", url, directory: "packages/acme" };
      expect(JSON.parse(read("package.json"))).toEqual({ name: "acme", version: "1.2.3", repository });
      expect(read("index.js")).toBe("export const acme = 1;\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is refused for a commit without the tag of its version", () => {
    const { status, stderr } = release();
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

  it("contain no path of the machine that packed them", () => {
    expect(faultsOf("egress", { files, bytes: 1000, leaking: ["dist/index.js"] })).toEqual([
      "egress contains dist/index.js, which has a path of this machine.",
    ]);
  });

  it("stay below eight MiB", () => {
    expect(faultsOf("egress", { files, bytes: 9_000_000 })).toEqual(["egress has 9000000 bytes, more than 8388608."]);
  });
});

describe("the command of the published package", () => {
  const entry = join(REPOSITORY, "packages/posthorn/bin/posthorn.cjs");
  const sentence =
    /^posthorn: Posthorn needs Node\.js 24\.9 or newer, and this is Node\.js \d+\.\d+\.\d+\. Install .*\n$/;

  it("reports in one sentence that a version of Node is too old", () => {
    let printed = "";
    const stderr = { write: (text: string) => void (printed += text) };
    const process = { versions: { node: "12.22.0" }, exitCode: 0, stderr };
    const require = (): never => assert.fail("the server was loaded");
    runInNewContext(readFileSync(entry, "utf8").replace(/^#!.*/, ""), { process, require });
    expect(printed).toMatch(sentence);
    expect(process.exitCode).toBe(1);
  });

  // Old versions refuse the whole file for syntax that they do not know.
  const old = oldNode();
  it.skipIf(old === null)("runs on the older Node of this machine", () => {
    const { status, stdout, stderr } = spawnSync(old!, [entry], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(stderr).toMatch(sentence);
    expect(status).toBe(1);
  });
});

/** A Node on the path that is older than 24. The repository's own comes first, so it is looked for in each folder. */
function oldNode(): string | null {
  const candidates = process.env["PATH"]!.split(delimiter).map((folder) => join(folder, "node"));
  const version = (file: string): number =>
    Number(/^v(\d+)/.exec(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1] ?? Infinity);
  return candidates.find((file) => existsSync(file) && version(file) < 24) ?? null;
}
