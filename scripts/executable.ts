/**
 * Builds single executables for Linux: a Node binary with the published package inside. Tries the one for this machine in an empty folder
 * without Node on the path.
 *
 *     npm run executable                       for this machine, in dist/posthorn-linux-x64
 *     npm run executable -- --staged           uses the package that `npm run release` staged last
 *     npm run executable -- --arch arm64       for another architecture; fetches its Node from npm. Tried with `--emulator COMMAND`,
 *                                              such as "qemu-aarch64-static -L /usr/aarch64-linux-gnu"
 *     npm run executable -- --into FOLDER      writes it elsewhere
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { installOracles } from "../packages/testkit/oracles/load.ts";
import { injectBlob, makeBlob } from "./executable/build.ts";
import { tryExecutable } from "./executable/smoke.ts";
import { STAGED, stageServer } from "./release/stage.ts";

const { values } = parseArgs({
  options: {
    staged: { type: "boolean", default: false },
    arch: { type: "string", default: process.arch },
    emulator: { type: "string" },
    into: { type: "string", default: "dist" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "posthorn-sea-"));
try {
  if (!values.staged || !existsSync(STAGED)) {
    run("node", ["scripts/build.ts", "--if-changed"], ".");
    stageServer();
  }
  installOracles();
  const blob = makeBlob(STAGED, folder);
  const isForHere = values.arch === process.arch;
  const node = isForHere ? process.execPath : fetchNode(values.arch, blob.nodeVersion);
  const target = resolve(values.into, `posthorn-linux-${values.arch}`);
  injectBlob(blob, node, target);
  console.log(`${target}: ${(statSync(target).size / 1024 / 1024).toFixed(1)} MiB`);
  if (isForHere || values.emulator !== undefined) {
    for (const line of await tryExecutable(target, values.emulator)) console.log(line);
  } else console.log(`It was not tried, because this machine cannot run programs for ${values.arch}.`);
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
