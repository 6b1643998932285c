/** Makes a single executable: a Node binary with the published package inside. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { resolveOracle } from "../../packages/testkit/oracles/load.ts";

/** Name under which Node looks for the resource, and the marker that enables it. */
const RESOURCE = "NODE_SEA_BLOB";
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const MAIN = join(import.meta.dirname, "main.cjs");

export interface Blob {
  readonly path: string;
  /** Version of the Node that made it, without the `v`. Only binaries of this version can read it. */
  readonly nodeVersion: string;
}

/**
 * Packs the package into a resource for Node binaries of any platform.
 *
 * @param staged Folder of the published package.
 * @param folder For the resource and its parts.
 */
export function makeBlob(staged: string, folder: string): Blob {
  mkdirSync(folder, { recursive: true });
  const files = globSync("**/*", { cwd: staged })
    .filter((path) => statSync(join(staged, path)).isFile())
    .sort();
  const contents = files.map((path) => readFileSync(join(staged, path)));
  const index = JSON.stringify(files.map((path, number) => [path, contents[number]!.length]));
  const bytes = Buffer.concat(contents);
  const hash = createHash("sha256").update(index).update(bytes).digest("hex");
  const { version } = JSON.parse(readFileSync(join(staged, "package.json"), "utf8")) as { version: string };
  const assets = {
    name: write(folder, "name", `${version}-${hash.slice(0, 16)}`),
    index: write(folder, "index", index),
    files: write(folder, "files", zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 12 } })),
  };
  const path = join(folder, "posthorn.blob");
  const config = write(
    folder,
    "sea.json",
    JSON.stringify({
      main: MAIN,
      output: path,
      assets,
      disableExperimentalSEAWarning: true,
      // Sets the flag of `boundYoungGeneration`, so that the process need not restart.
      execArgv: ["--max-semi-space-size=8"],
      execArgvExtension: "env",
      // Both would tie the resource to the platform on which it was built.
      useSnapshot: false,
      useCodeCache: false,
    }),
  );
  const { status, stderr } = spawnSync(process.execPath, ["--experimental-sea-config", config], { encoding: "utf8" });
  if (status !== 0) throw new Error(`node --experimental-sea-config failed: ${stderr}`);
  return { path, nodeVersion: process.versions.node };
}

/** Writes the executable. @param node A Node binary of the version that made the resource. */
export function injectBlob({ path }: Blob, node: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(node, target);
  chmodSync(target, 0o755);
  // A separate process, because it prints a warning for each note section of Node that it does not know.
  const postject = join(resolveOracle("postject/package.json"), "../dist/cli.js");
  const args = [postject, target, RESOURCE, path, "--sentinel-fuse", FUSE];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`postject failed: ${stderr}`);
}

function write(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
