/** Generates the types of the API client from the server's OpenAPI document. `--check` only reports whether they are current. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString, type OpenAPI3 } from "openapi-typescript";
import { buildDocument } from "../../posthorn/src/api/document.ts";

const FILE = new URL("../src/api/schema.ts", import.meta.url);

const document = (await buildDocument()) as unknown as OpenAPI3;
const types = astToString(await openapi(document, { alphabetize: true }));
const text = `/** Made by \`npm run generate:client\` from the server's OpenAPI document. Do not edit. */\n\n${types}`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  process.stderr.write("The API client is not current: run `npm run generate:client` and commit the result.\n");
  process.exitCode = 1;
}
