/** Starts a server in a folder, without any request, and stops it. */
import { spawn } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = [
  "--conditions=@posthorn/source",
  fileURLToPath(new URL("../../packages/posthorn/src/main.ts", import.meta.url)),
];

export interface StartedServer {
  /** URLs of the modules that the main thread loaded, without those of Node. */
  readonly modules: readonly string[];
  /** Those of one reader thread of the database. */
  readonly readerModules: readonly string[];
  /** Those of the writer thread of the database. */
  readonly writerModules: readonly string[];
  readonly threads: readonly string[];
  /** Files of compiled code that it wrote for the next start. */
  readonly compiled: readonly string[];
}

/** @param program Arguments of Node that start `posthorn`. Default: from source. */
export async function startServer(folder: string, program: readonly string[] = SOURCE): Promise<StartedServer> {
  const list = join(folder, "modules.txt");
  const probe = new URL("loaded-modules.ts", import.meta.url).href;
  const child = spawn(process.execPath, [`--import=${probe}`, ...program, "start"], {
    env: {
      PATH: process.env["PATH"],
      LOADED_MODULES: list,
      XDG_CACHE_HOME: folder,
      POSTHORN_DATA_DIR: join(folder, "data"),
      POSTHORN_LISTEN: "127.0.0.1:0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let log = "";
  for await (const chunk of child.stdout) {
    log += String(chunk);
    if (log.includes("listens on")) break;
  }
  const tasks = `/proc/${child.pid}/task`;
  const threads = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/comm`, "utf8").trim());
  child.kill("SIGTERM");
  await ended;
  const own = (path: string): readonly string[] =>
    [...new Set(readFileSync(path, "utf8").split("\n"))].filter((url) => url !== "" && !url.startsWith("node:"));
  const ofThread = (name: string): readonly string[] => own(`${list}.posthorn-${name}`);
  return {
    modules: own(list),
    readerModules: ofThread("reader"),
    writerModules: ofThread("writer"),
    threads,
    compiled: globSync(join(folder, "posthorn/compiled-*/*/*")),
  };
}
