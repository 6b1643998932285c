/** Common parts of the bundles of the server and of the tests: the files of worker threads, and the packages that are not bundled. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = fileURLToPath(new URL("../packages/posthorn/", import.meta.url));
export const SOURCE = join(PACKAGE, "src");

interface Manifest {
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const CLIENTS = Object.keys(
  (JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as Manifest).peerDependencies,
);

export const EXTERNAL: readonly RegExp[] = [
  // Loaded on first use: the viewer of the API reference, the sandbox with its WebAssembly file, the driver of PostgreSQL, the log for a
  // terminal, and the parsers of feeds and calendars. The licence of the last one (MPL-2.0) applies per file, so its files are shipped
  // unchanged.
  /^@scalar\//,
  /^@jitl\//,
  /^quickjs-emscripten-core$/,
  /^pg(-copy-streams|-native)?$/,
  /^pino-pretty$/,
  /^feedsmith$/,
  /^ical\.js$/,
  // Optional packages: the clients of destinations.
  ...CLIENTS.map((name) => new RegExp(`^${name}(?:/|$)`)),
  // A package without a licence file cannot be shipped as a part of another.
  /^abstract-logging$/,
  ...builtinModules.map((name) => new RegExp(`^(node:)?${name}$`)),
];

/**
 * Packages that are not part of the published bundle: Node itself, a native driver that is never used, optional accelerators, and the
 * parser of calendars, whose licence (MPL-2.0) applies per file, so its file is shipped unchanged.
 */
export const COMPLETE_EXTERNAL: readonly RegExp[] = [
  /^ical\.js$/,
  ...["pg-native", "@node-rs/crc32", "protobufjs", "bufferutil", "utf-8-validate"].map(
    (name) => new RegExp(`^${name}$`),
  ),
  ...builtinModules.map((name) => new RegExp(`^(node:)?${name}$`)),
];

/** Names of the clients of destinations and sources. */
export const CLIENT_PACKAGES: readonly string[] = CLIENTS;

/** Every file is in the same folder as the one that starts the thread or loads it. */
export const THREADS = {
  thread: join(SOURCE, "store/sqlite/thread.ts"),
  "transform-thread": join(SOURCE, "transform/transform-thread.ts"),
  "connector-thread": join(SOURCE, "destinations/connections/connector-thread.ts"),
  "telemetry-thread": join(SOURCE, "telemetry/telemetry-thread.ts"),
  pretty: join(SOURCE, "lib/pretty.ts"),
};

/** The same for the whole server, with one more thread file, which runs a node. */
export const SERVER_THREADS = { ...THREADS, "server-thread": join(SOURCE, "threads/server-thread.ts") };
