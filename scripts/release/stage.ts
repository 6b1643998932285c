/**
 * The folder that is published as `posthorn`. The package in the workspace has dependencies; the published one contains them, so that `npx
 * posthorn` downloads one file, and users run exactly the tested versions (docs/decisions/142-publish-one-file.md).
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyTypes } from "./types.ts";

const SOURCE = "packages/posthorn";
/** In a folder that is ignored by linters, formatters and Git. The build removes it. */
const FOLDER = "dist/npm";
/** Where {@link stageServer} writes. */
export const STAGED = join(SOURCE, FOLDER);
const NOTICES = "THIRD-PARTY-NOTICES.txt";
const SERVER = "dist/server";
const TYPES = "dist/types";

interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly [field: string]: unknown;
}

/** Writes the published package. Needs `npm run build` before it. Returns its folder. */
export function stageServer(): string {
  rmSync(STAGED, { recursive: true, force: true });
  mkdirSync(STAGED, { recursive: true });
  const manifest = publishedManifest(JSON.parse(readFileSync(join(SOURCE, "package.json"), "utf8")) as Manifest);
  writeFileSync(join(STAGED, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of ["README.md", "LICENSE"]) copyFileSync(join(SOURCE, name), join(STAGED, name));
  // Everything else that the workspace's package lists: the pages, and other files that a node serves.
  for (const name of manifest.files.filter((file) => !["dist", "README.md", "LICENSE", NOTICES].includes(file)))
    cpSync(join(SOURCE, name), join(STAGED, name), { recursive: true });
  run("node", ["scripts/bundle-server.ts", join(FOLDER, SERVER), "--complete"]);
  const entries = ["dist/index.d.ts", "dist/testing/index.d.ts"].map((file) => join(SOURCE, file));
  copyTypes(entries, join(SOURCE, "dist"), "node_modules", join(STAGED, TYPES));
  const notices = [join(STAGED, SERVER, NOTICES), join(STAGED, "web", NOTICES)].map((file) =>
    readFileSync(file, "utf8"),
  );
  writeFileSync(join(STAGED, NOTICES), notices.join("\n\n"));
  return STAGED;
}

/** @param manifest Of the package in the workspace. */
function publishedManifest(manifest: Manifest): Manifest {
  const {
    dependencies: _dependencies,
    devDependencies: _devDependencies,
    peerDependencies: _peers,
    peerDependenciesMeta: _peersMeta,
    ...rest
  } = manifest;
  return {
    ...rest,
    bin: { posthorn: "bin/posthorn.cjs" },
    exports: {
      ".": { types: `./${TYPES}/index.d.ts`, default: `./${SERVER}/index.js` },
      "./testing": { types: `./${TYPES}/testing/index.d.ts`, default: `./${SERVER}/testing.js` },
      "./package.json": "./package.json",
    },
    files: ["bin", ...manifest.files, NOTICES],
  };
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed.`);
}
