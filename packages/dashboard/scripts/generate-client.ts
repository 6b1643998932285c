/** Generates the types of the API client from the server's OpenAPI document. `--check` only reports whether they are current. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString, type OpenAPI3 } from "openapi-typescript";
import { buildServer } from "../../posthorn/src/api/server.ts";

const FILE = new URL("../src/api/schema.ts", import.meta.url);

// The server only generates its document, so it needs no services.
const server = await buildServer({
  services: { store: {} },
  authenticator: { onForget: () => () => undefined },
  feed: {},
  log: {
    level: "silent",
    ...Object.fromEntries(
      ["info", "error", "debug", "fatal", "warn", "trace", "child"].map((name) => [name, () => undefined]),
    ),
  },
  corsOrigins: [],
  trustedProxies: [],
  ingestUrl: "",
  maxPayloadBytes: 1,
  sources: null,
  frameAncestors: [],
} as never);
await server.ready();
const document = server.swagger() as unknown as OpenAPI3;
const types = astToString(await openapi(document, { alphabetize: true }));
const text = `/** Made by \`npm run generate:client\` from the server's OpenAPI document. Do not edit. */\n\n${types}`;
await server.close();

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  process.stderr.write("The API client is not current: run `npm run generate:client` and commit the result.\n");
  process.exitCode = 1;
}
