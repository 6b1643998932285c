import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";

const MODULE = new URL("compiled-code.ts", import.meta.url).href;
const DAY_MS = 24 * 60 * 60_000;
const OPEN_TO_ALL = 0o777;

/** A program that stores its compiled code, in a separate folder. */
class Program implements Disposable {
  readonly #folder = temporaryFolder();
  readonly #file: string;
  readonly cache: string;

  /** @param before Code that runs first. */
  constructor({ extension = "js", before = "" } = {}) {
    const { path } = this.#folder;
    this.cache = join(path, "caches", "posthorn");
    this.#file = join(path, `main.${extension}`);
    writeFileSync(join(path, "package.json"), '{ "type": "module" }');
    writeFileSync(join(path, "part.js"), 'export const text = "it " + "runs";');
    writeFileSync(
      this.#file,
      `import { keepCompiledCode } from ${JSON.stringify(MODULE)};
      ${before}
      keepCompiledCode(import.meta.url, ${JSON.stringify(this.cache)});
      console.log((await import("./part.js")).text);`,
    );
  }

  /** Runs it. Returns whether its part was compiled earlier. */
  run(env: Readonly<Record<string, string>> = {}): boolean {
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.#file], {
      encoding: "utf8",
      env: { NODE_DEBUG_NATIVE: "COMPILE_CACHE", ...env },
    });
    if (status !== 0 || stdout !== "it runs\n") throw new Error(`It ended with ${status}: ${stdout}${stderr}`);
    return /part\.js was accepted/.test(stderr);
  }

  /** Folder of the compiled code of this build; `null`: there is none. */
  get kept(): string | null {
    const names = existsSync(this.cache) ? readdirSync(this.cache).filter((name) => name.startsWith("compiled-")) : [];
    return names.length === 0 ? null : join(this.cache, names[0]!);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("a program that stores its compiled code", () => {
  it("compiles it only at the first start, into a folder that only its user can read and write", () => {
    using program = new Program();
    expect(program.run()).toBe(false);
    expect(program.run()).toBe(true);
    expect(statSync(program.kept!).mode & 0o777).toBe(0o700);
  });

  it("starts with a damaged cache, and repairs it", () => {
    using program = new Program();
    program.run();
    for (const file of filesIn(program.kept!)) writeFileSync(file, "rubbish ".repeat(1000));
    expect(program.run()).toBe(false);
    expect(program.run()).toBe(true);
    for (const file of filesIn(program.kept!)) writeFileSync(file, "");
    expect(program.run()).toBe(false);
  });

  it("starts if the cache folder cannot be created", () => {
    using program = new Program();
    writeFileSync(join(program.cache, ".."), "");
    expect(program.run()).toBe(false);
    expect(program.run()).toBe(false);
  });

  it.each([
    ["the folder", (program: Program) => program.kept!],
    ["the folder above it", (program: Program) => program.cache],
    ["a folder further up", (program: Program) => join(program.cache, "..")],
  ])("is compiled again if another user can write to %s", (_which, folderOf) => {
    using program = new Program();
    program.run();
    chmodSync(folderOf(program), OPEN_TO_ALL);
    expect(program.run()).toBe(false);
    chmodSync(folderOf(program), 0o700);
    expect(program.run()).toBe(true);
  });

  it("is compiled again if the folder belongs to another user", () => {
    using program = new Program({ before: "process.getuid = () => 4_000_000;" });
    mkdirSync(program.cache, { recursive: true });
    program.run();
    expect(program.run()).toBe(false);
    expect(filesIn(program.cache)).toEqual([]);
  });

  it("creates nothing in a folder of another user", () => {
    // Folders of root count as safe, so a test that runs as root needs one of another user.
    const isRoot = process.getuid?.() === 0;
    using program = new Program({ before: isRoot ? "" : "process.getuid = () => 4_000_000;" });
    if (isRoot) chownSync(join(program.cache, "../.."), 4_000_000, 4_000_000);
    program.run();
    expect(existsSync(join(program.cache, ".."))).toBe(false);
  });

  it("leaves the cache to the environment and, from source, to the developer", () => {
    using program = new Program();
    program.run({ NODE_COMPILE_CACHE: join(program.cache, "../other") });
    expect(program.kept).toBeNull();
    program.run({ NODE_DISABLE_COMPILE_CACHE: "1" });
    expect(program.run()).toBe(false);
    using source = new Program({ extension: "ts" });
    source.run();
    expect(source.kept).toBeNull();
  });

  it("removes the code of other builds that was not used for 30 days, and nothing else", () => {
    using program = new Program();
    const [unused, recent] = ["compiled-0123456789abcdef", "compiled-fedcba9876543210"];
    for (const [name, days] of [
      [unused, 31],
      [recent, 29],
      ["0.1.0-0123456789abcdef", 31],
    ] as const) {
      const folder = join(program.cache, name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "file"), "");
      const usedAt = new Date(Date.now() - days * DAY_MS);
      utimesSync(folder, usedAt, usedAt);
    }
    program.run();
    expect(readdirSync(program.cache)).toEqual(expect.arrayContaining([recent, "0.1.0-0123456789abcdef"]));
    expect(readdirSync(program.cache)).not.toContain(unused);
  });
});
