/**
 * Bundles the server with its dependencies into `packages/posthorn/dist/server`: a few files instead of 2,300 modules, which halves the
 * CPU time of a start and saves 30 MiB of memory. The modules in `dist` stay for programs of this workspace that import the package.
 *
 *     node scripts/bundle-server.ts              writes packages/posthorn/dist/server
 *     node scripts/bundle-server.ts test/dist    writes another folder of the package, for tests. It must have the same depth.
 *     node scripts/bundle-server.ts dist/npm/dist/server --complete
 *                                                leaves nothing outside, for the published package: clients of brokers, the viewer of
 *                                                the API reference, and the modules that programs import
 */
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type OutputOptions, rolldown } from "rolldown";
import { CLIENT_PACKAGES, COMPLETE_EXTERNAL, EXTERNAL, PACKAGE, SERVER_THREADS, SOURCE } from "./bundle-parts.ts";
import { withoutHttpImports } from "./http-import.ts";
import { withoutRouterFunctions } from "./router-functions.ts";
import { noticesOf, packageFolder, readPackage } from "../packages/dashboard/scripts/notices.ts";

const MODULES = join(PACKAGE, "../../node_modules");
/** What programs import from the published package. */
const MODULES_OF_PROGRAMS = { index: join(SOURCE, "index.ts"), testing: join(SOURCE, "testing/index.ts") };
/** Files that the complete bundle loads as they are: the sandbox's WebAssembly, and the parser of calendars (see COMPLETE_EXTERNAL). */
const COPIED = {
  "@jitl/quickjs-wasmfile-release-sync": "dist/emscripten-module.wasm",
  "ical.js": "dist/ical.js",
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { complete: { type: "boolean", default: false } },
});
const TARGET = join(PACKAGE, positionals[0] ?? "dist/server");

rmSync(TARGET, { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: join(SOURCE, "main.ts"), ...SERVER_THREADS, ...(values.complete ? MODULES_OF_PROGRAMS : {}) },
  platform: "node",
  external: [...(values.complete ? COMPLETE_EXTERNAL : EXTERNAL)],
  resolve: { conditionNames: ["@posthorn/source", "node", "default"] },
  plugins: [withoutRouterFunctions()],
  transform: { define: values.complete ? { BUNDLED_CLIENTS: JSON.stringify(clientVersions()) } : {} },
  logLevel: "warn",
});
const paths: OutputOptions = values.complete ? { paths: { "ical.js": "./ical.js" } } : {};
const { output } = await bundle.write({
  dir: TARGET,
  format: "esm",
  // Names and line breaks are kept, so that stack traces and profiles are readable.
  minify: false,
  comments: false,
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  ...paths,
});
await bundle.close();
for (const file of globSync(join(TARGET, "*.js")))
  writeFileSync(file, asAscii(withoutHttpImports(readFileSync(file, "utf8"))));
const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
const folders = new Set(modules.flatMap((id) => ownerOf(id) ?? []));
if (values.complete) for (const [name, file] of Object.entries(COPIED)) copyFrom(name, file);
writeFileSync(
  join(TARGET, "THIRD-PARTY-NOTICES.txt"),
  noticesOf([...folders].map(readPackage), "The other files of the server"),
);
const bytes = output.reduce((sum, part) => sum + (part.type === "chunk" ? part.code.length : 0), 0);
console.log(`Bundled the server: ${output.length} files, ${(bytes / 1024 / 1024).toFixed(1)} MiB`);

/** Folder of the package that ships a module. A package may contain others without a manifest. */
function ownerOf(id: string): string | null {
  const folder = packageFolder(id);
  if (folder === null || existsSync(join(folder, "package.json"))) return folder;
  return ownerOf(folder.slice(0, folder.lastIndexOf("node_modules/")));
}

function copyFrom(name: string, file: string): void {
  copyFileSync(join(MODULES, name, file), join(TARGET, file.replace(/^.*\//, "")));
  folders.add(join(MODULES, name));
}

function clientVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(CLIENT_PACKAGES.map((name) => [name, readPackage(join(MODULES, name)).version]));
}

/** Escapes all other characters: V8 keeps a source text with one of them in two bytes per character. */
function asAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
