/** Modules and threads that a server loads and starts before its first request. Counts, because times depend on the machine. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../packages/posthorn/test/support/store.ts";
import { startServer } from "../lib/start-size-server.ts";

/** Packages and parts that only some servers and requests need. */
const ON_FIRST_USE = [
  "/node_modules/pg/",
  "/node_modules/pg-copy-streams/",
  "/node_modules/prom-client/",
  "/node_modules/pino-pretty/",
  "/node_modules/@fastify/swagger/",
  "/node_modules/yaml/",
  "/node_modules/@scalar/",
  "/node_modules/quickjs-emscripten-core/",
  "/node_modules/selfsigned/",
  "/webhooks/src/testing/",
  "/src/store/postgres/postgres-store.ts",
  "/src/store/copy/copy.ts",
  "/src/cli/lab/",
  "/src/cli/tables/",
  "/node_modules/ws/",
  "/node_modules/undici/",
  "/node_modules/socks/",
  "/node_modules/@zxcvbn-ts/",
  "/src/api/session/public-handlers.ts",
  "/src/api/user/handlers.ts",
  "/src/domain/session/sign-in.ts",
  "/src/domain/user/password-hash.ts",
];

describe("the start of a server", () => {
  it("loads nothing that only some servers and requests need", async () => {
    using folder = temporaryFolder();
    const { modules } = await startServer(folder.path);
    expect(modules.filter((url) => ON_FIRST_USE.some((part) => url.includes(part)))).toEqual([]);
    // 2,508 with sources, watches, templates, users, roles, the audit log, redaction, erasure, export and pauses; 2,558 with the request log, listen tokens, connected clients, the journal and emails in four languages; 2,572 with the requests that are read from the socket. Raise it deliberately: each module costs 0.3 ms of CPU time and 15 KiB of memory.
    expect(modules.length).toBeLessThan(2580);
  });

  it("starts one writer and one reader thread, and none for look-ups of deliveries and for transformations", async () => {
    using folder = temporaryFolder();
    const { threads } = await startServer(folder.path);
    expect(threads.filter((name) => name.startsWith("posthorn-")).toSorted()).toEqual([
      "posthorn-reader",
      "posthorn-writer",
    ]);
  });
});

describe("the modules that are loaded on first use", () => {
  const source = join(import.meta.dirname, "../../packages/posthorn/src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"),
  );
  const imports = files.flatMap((path) =>
    [...readFileSync(join(source, path), "utf8").matchAll(/await import\("([^"]+)"\)/g)].map((match) => ({
      path,
      module: match[1]!,
    })),
  );

  it("are found", () => {
    expect(imports.length).toBeGreaterThan(10);
  });

  it.each(imports)("can be loaded: $module of $path", async ({ path, module }) => {
    const file = join(source, path);
    // The packages of the server may be installed only next to it.
    const found = module.startsWith(".") ? join(dirname(file), module) : createRequire(file).resolve(module);
    const url = found.startsWith("/") ? pathToFileURL(found).href : found;
    await expect(import(url)).resolves.toBeTypeOf("object");
  });
});
