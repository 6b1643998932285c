/** The folder into which the single executable unpacks itself, with the script of the executable and a package of one file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/store.ts";

const MAIN = fileURLToPath(new URL("../../../../scripts/executable/main.cjs", import.meta.url));
const OLD = "0.0.9-00000000000000aa";
const NEW = "0.1.0-00000000000000bb";

/** Prints that it runs, and exits at the end of its input. */
const PROGRAM = 'process.stdout.write("runs\\n"); process.stdin.resume();';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Cache {
  readonly folder: string;
  /** Starts a version, and waits until it runs. */
  start(name: string): Promise<ChildProcess>;
  /** Makes a version look as if it had last been started two hours ago. */
  age(name: string): void;
}

function openCache(): Cache {
  const { path } = stack.use(temporaryFolder());
  const folder = join(path, "posthorn");
  const files = zstdCompressSync(Buffer.from(PROGRAM)).toString("base64");
  return {
    folder,
    start: async (name) => {
      // Replaces the resource in the Node binary.
      const assets = { name, index: JSON.stringify([["bin/run.cjs", PROGRAM.length]]) };
      const shim = join(path, `${name}.cjs`);
      writeFileSync(
        shim,
        `const { registerHooks } = require("node:module");
globalThis.sea = (key) => key === "files" ? Buffer.from("${files}", "base64") : ${JSON.stringify(assets)}[key];
registerHooks({
  resolve: (specifier, context, next) => specifier === "node:sea" ? { url: "data:sea", format: "commonjs", shortCircuit: true } : next(specifier, context),
  load: (url, context, next) => url === "data:sea" ? { format: "commonjs", source: "exports.getAsset = globalThis.sea;", shortCircuit: true } : next(url, context),
});
`,
      );
      const env = { PATH: "/nonexistent", XDG_CACHE_HOME: path };
      const child = spawn(process.execPath, ["--require", shim, MAIN], { env, stdio: ["pipe", "pipe", "inherit"] });
      stack.defer(() => end(child));
      const [printed] = (await once(child.stdout, "data")) as [Buffer];
      expect(printed.toString()).toBe("runs\n");
      return child;
    },
    age: (name) => {
      const past = Date.now() / 1000 - 7200;
      utimesSync(join(folder, name, ".users"), past, past);
    },
  };
}

async function end(child: ChildProcess, signal?: "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (signal === undefined) child.stdin!.end();
  else child.kill(signal);
  await ended;
}

describe("the cache of the executable", () => {
  it("deletes a version that no process runs, even after its last process has crashed", async () => {
    const cache = openCache();
    await end(await cache.start(OLD), "SIGKILL");
    cache.age(OLD);
    await cache.start(NEW);
    expect(readdirSync(cache.folder)).toEqual([NEW]);
  });

  it("keeps a version that a process runs", async () => {
    const cache = openCache();
    await cache.start(OLD);
    cache.age(OLD);
    await cache.start(NEW);
    expect(readdirSync(cache.folder).sort()).toEqual([OLD, NEW]);
  });

  it("keeps a version that was started within the last hour, or on another host", async () => {
    const cache = openCache();
    await end(await cache.start(OLD));
    await end(await cache.start(NEW));
    expect(existsSync(join(cache.folder, OLD))).toBe(true);
    writeFileSync(join(cache.folder, OLD, ".users/1"), JSON.stringify({ host: "another", start: "1" }));
    cache.age(OLD);
    await cache.start(NEW);
    expect(existsSync(join(cache.folder, OLD))).toBe(true);
  });

  it("does not touch other folders", async () => {
    const cache = openCache();
    mkdirSync(join(cache.folder, "mine"), { recursive: true });
    const past = Date.now() / 1000 - 7200;
    utimesSync(join(cache.folder, "mine"), past, past);
    await cache.start(NEW);
    expect(readdirSync(cache.folder).sort()).toEqual([NEW, "mine"]);
  });
});
