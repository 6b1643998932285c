/** Installs the packed packages in an empty folder and uses them as a new user would. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Packed } from "./packages.ts";

/** Node types and the compiler of this workspace stand in for those of the user. */
const WORKSPACE_MODULES = join(import.meta.dirname, "../../node_modules");
const START_MS = 60_000;
const MAX_INSTALLED_BYTES = 60_000_000;

/** Returns the completed checks, one line each. Throws with the reason if one fails. */
export async function tryPackages(packed: readonly Packed[], folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const tarballs = packed.map(({ tarball }) => tarball);
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs], folder);
  compileConsumer(folder);
  const version = run(join(folder, "node_modules/.bin/posthorn"), ["--version"], folder);
  return [
    `posthorn --version: ${version}`,
    `posthorn installed: ${sizeOf(join(folder, "node_modules/posthorn"))} MiB, no dependencies`,
    `a program that uses all of them: ${await deliverOnce(folder)}`,
  ];
}

/** Size of an installed package in MiB. Throws if it has dependencies. */
function sizeOf(folder: string): string {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: object;
  };
  if (Object.keys(dependencies).length > 0) throw new Error("The published posthorn has dependencies.");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  if (bytes > MAX_INSTALLED_BYTES) throw new Error(`The installed posthorn has ${bytes} bytes.`);
  return (bytes / 1024 / 1024).toFixed(1);
}

/** The declarations in the packages must compile in a strict program. */
function compileConsumer(folder: string): void {
  copyFileSync(join(import.meta.dirname, "consumer.ts"), join(folder, "consumer.ts"));
  const compilerOptions = {
    target: "ES2024",
    lib: ["ES2024", "ESNext.Disposable", "DOM", "DOM.Iterable"],
    module: "NodeNext",
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(WORKSPACE_MODULES, "@types")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  run(join(WORKSPACE_MODULES, ".bin/tsc"), ["-p", "."], folder);
}

/** Starts the installed server, lets the consumer receive one message from it, and stops it. */
async function deliverOnce(folder: string): Promise<string> {
  const server = spawn(join(folder, "node_modules/.bin/posthorn"), [], {
    cwd: folder,
    env: { PATH: process.env["PATH"], POSTHORN_LISTEN: "127.0.0.1:0", POSTHORN_DATA_DIR: join(folder, "data") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(server, "exit");
  try {
    const { url, token } = await addressOf(server.stdout);
    server.stdout.resume();
    const said = run(process.execPath, ["consumer.ts", url, token], folder);
    server.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new Error(`The server exited with code ${code} after SIGTERM.`);
    return said;
  } finally {
    server.kill("SIGKILL");
  }
}

/** Waits for the URL and the token that a server prints when it is ready. */
export async function addressOf(stdout: Readable, startMs = START_MS): Promise<{ url: string; token: string }> {
  let output = "";
  const timer = setTimeout(() => stdout.emit("error", new Error("The server did not start in time.")), startMs);
  try {
    for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      const url = /Dashboard (http:\/\/[^#\s/]+)/.exec(output)?.[1];
      const token = /Token +(\S+)\n/.exec(output)?.[1];
      if (url !== undefined && token !== undefined) return { url, token };
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`The server exited before it printed its URL and token: ${output}`);
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout.trim();
  throw new Error(`${command} ${args[0]} failed in an empty folder: ${error?.message ?? `${stdout}${stderr}`}`);
}
