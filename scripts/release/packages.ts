/** Packs the published packages and checks their contents. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, matchesGlob, resolve } from "node:path";
import { STAGED } from "./stage.ts";

/** In the order in which they depend on each other. */
export const PUBLISHED = ["webhooks", "egress", "posthorn"] as const;

export interface Packed {
  readonly name: string;
  readonly version: string;
  /** Path of the tarball. */
  readonly tarball: string;
  readonly bytes: number;
  readonly files: readonly string[];
  /** Those of the files that contain a path of this machine. */
  readonly leaking: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Tests, sources, build records, data and secrets, which no package may contain. */
const UNWANTED =
  /(^|\/)(src|test|node_modules|data)\/|\.test\.|\.tsbuildinfo$|(^|\/)\.(env|npmrc)|\.(pem|key|sqlite|db)$/;
const REQUIRED = ["package.json", "README.md", "LICENSE"];
/** Files that the server loads by path, and files that the licences of its parts require. */
const REQUIRED_BY_SERVER = [
  "THIRD-PARTY-NOTICES.txt",
  "bin/run.cjs",
  "dist/server/main.js",
  "dist/server/*-thread.js",
  "dist/server/emscripten-module.wasm",
  "dist/server/ical.js",
  "web/index.html",
  "web/embed.js",
];
/** A larger tarball contains files by accident. The server's tarball includes the documentation, with a compressed copy of each page. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_SERVER_BYTES = 20 * 1024 * 1024;

/** Packs a package of this workspace into a folder. `posthorn` is packed as `stageServer` wrote it. */
export function pack(name: string, destination: string): Packed {
  const folder = folderOf(name);
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--pack-destination", destination], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm pack failed in ${folder}: ${stderr}`);
  const parsed = JSON.parse(stdout) as readonly PackReport[] | Readonly<Record<string, PackReport>>;
  const report = Object.values(parsed)[0]!;
  const { name: published, version } = manifestOf(name);
  const files = report.files.map(({ path }) => path);
  const leaking = files.filter((path) => readFileSync(join(folder, path)).includes(resolve(".")));
  return { name: published, version, tarball: join(destination, report.filename), bytes: report.size, files, leaking };
}

/** Problems with the contents of a package, one sentence each. Empty if it can be published. */
export function faultsOf(
  name: string,
  { files, bytes, leaking = [] }: Pick<Packed, "files" | "bytes"> & Partial<Pick<Packed, "leaking">>,
): readonly string[] {
  const own = name === "posthorn" ? REQUIRED_BY_SERVER : [];
  const most = name === "posthorn" ? MAX_SERVER_BYTES : MAX_BYTES;
  const wanted = [...REQUIRED, ...own, ...targetsOf(readManifest(folderOf(name)))];
  // A subpath pattern such as `./providers/*` needs at least one file.
  const missing = wanted.filter((path) => !files.some((file) => matchesGlob(file, path)));
  return [
    ...missing.map((path) => `${name} lacks ${path}.`),
    ...files.filter((path) => UNWANTED.test(path)).map((path) => `${name} contains ${path}.`),
    ...leaking.map((path) => `${name} contains ${path}, which has a path of this machine.`),
    ...(bytes > most ? [`${name} has ${bytes} bytes, more than ${most}.`] : []),
  ];
}

export function manifestOf(name: string): Manifest {
  return readManifest(join("packages", name));
}

function folderOf(name: string): string {
  return name === "posthorn" ? STAGED : join("packages", name);
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Every file that the manifest names for consumers. `@posthorn/source` is for this workspace only. */
function targetsOf({ bin = {}, exports }: Manifest): readonly string[] {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === "string"
      ? [target]
      : Object.entries(target)
          .filter(([condition]) => condition !== "@posthorn/source")
          .map(([, path]) => path),
  );
  return [...new Set([...Object.values(bin), ...targets].map((path) => path.replace(/^\.\//, "")))];
}
