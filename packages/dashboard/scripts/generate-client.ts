/** Generates the types of the API client from the server's OpenAPI document. `--check` only reports whether they are current. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { buildDocument } from "../../posthorn/src/api/document.ts";
import { installFolder } from "../../testkit/src/install-folder.ts";

const FILE = new URL("../src/api/schema.ts", import.meta.url);

/** The generator and its TypeScript 5: 45 MB, in a folder of its own that is installed on first use. */
const GENERATOR = new URL("generator/package.json", import.meta.url);

interface Generator {
  default(document: unknown, options: { readonly alphabetize: boolean }): Promise<unknown>;
  astToString(nodes: unknown): string;
}

installFolder(fileURLToPath(new URL(".", GENERATOR)));
const { default: openapi, astToString } = createRequire(GENERATOR)("openapi-typescript") as Generator;

const document = await buildDocument();
const types = astToString(await openapi(document, { alphabetize: true }));
const text = `/** Made by \`npm run generate:client\` from the server's OpenAPI document. Do not edit. */\n\n${types}`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  process.stderr.write("The API client is not current: run `npm run generate:client` and commit the result.\n");
  process.exitCode = 1;
}
