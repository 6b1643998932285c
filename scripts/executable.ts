/**
 * Builds single executables for Linux: a Node binary with the published package inside. Tries the one for this machine in an empty folder
 * without Node on the path.
 *
 *     npm run executable                       for this machine, in dist/posthorn-linux-x64
 *     npm run executable -- --staged           uses the package that `npm run release` staged last
 *     npm run executable -- --arch arm64       for another architecture; fetches its Node from npm
 *     npm run executable -- --emulated         for arm64, and tries it with QEMU, which it installs from Debian; takes minutes
 *     npm run executable -- --into FOLDER      writes it elsewhere
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { installOracles } from "../packages/testkit/oracles/load.ts";
import { installPackage } from "../packages/testkit/src/system.ts";
import { injectBlob, makeBlob } from "./executable/build.ts";
import { tryExecutable } from "./executable/smoke.ts";
import { STAGED, stageServer } from "./release/stage.ts";

const { values } = parseArgs({
  options: {
    staged: { type: "boolean", default: false },
    arch: { type: "string", default: process.arch },
    emulated: { type: "boolean", default: false },
    into: { type: "string", default: "dist" },
  },
});

/** Runs programs for arm64, with the libraries of Debian packages for cross-compilers. */
const EMULATOR = "/usr/bin/qemu-aarch64-static -L /usr/aarch64-linux-gnu";
const EMULATOR_PACKAGES = ["qemu-user-static", "libc6-arm64-cross", "libstdc++6-arm64-cross"];
const wanted = values.emulated ? "arm64" : values.arch;

const folder = mkdtempSync(join(tmpdir(), "posthorn-sea-"));
try {
  if (!values.staged || !existsSync(STAGED)) {
    run("node", ["scripts/build.ts", "--if-changed"], ".");
    stageServer();
  }
  installOracles();
  const blob = makeBlob(STAGED, folder);
  const isForHere = wanted === process.arch;
  const node = isForHere ? process.execPath : fetchNode(wanted, blob.nodeVersion);
  const target = resolve(values.into, `posthorn-linux-${wanted}`);
  injectBlob(blob, node, target);
  console.log(`${target}: ${(statSync(target).size / 1024 / 1024).toFixed(1)} MiB`);
  if (isForHere || values.emulated) {
    if (!isForHere) for (const name of EMULATOR_PACKAGES) installPackage(name);
    for (const line of await tryExecutable(target, isForHere ? "" : EMULATOR)) console.log(line);
  } else console.log(`It was not tested, because this machine cannot run programs for ${wanted}: see --emulated.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The binary of Node for another architecture, as npm ships it. The resource and the binary need the same version. */
function fetchNode(arch: string, version: string): string {
  const into = join(folder, "node");
  mkdirSync(into, { recursive: true });
  run("npm", ["pack", "--silent", `node-linux-${arch}@${version}`], into);
  run("tar", ["-xf", `node-linux-${arch}-${version}.tgz`, "package/bin/node"], into);
  return join(into, "package/bin/node");
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed.`);
}
