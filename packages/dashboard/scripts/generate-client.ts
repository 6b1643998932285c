/**
 * Generates the types of the API client from the server's OpenAPI document. Lint and the type check both run it, so it writes nothing when
 * the document and the generator are those of the existing file: generating takes most of the time.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { buildDocument } from "../../posthorn/src/api/document.ts";
import { installFolder } from "../../testkit/src/install-folder.ts";

const FILE = new URL("../src/api/schema.ts", import.meta.url);

/** The generator and its TypeScript 5: 45 MB, in a separate folder that is installed on first use. */
const GENERATOR = new URL("generator/package.json", import.meta.url);
const GENERATOR_LOCK = new URL("generator/package-lock.json", import.meta.url);

interface Generator {
  default(document: unknown, options: { readonly alphabetize: boolean }): Promise<unknown>;
  astToString(nodes: unknown): string;
}

const document = await buildDocument();
const hash = createHash("sha256")
  .update(JSON.stringify(document))
  .update(readFileSync(GENERATOR_LOCK))
  .update(readFileSync(new URL(import.meta.url)))
  .digest("hex");
const head = `/** Made by \`npm run generate:client\` from the server's OpenAPI document. Do not edit. Source: ${hash} */\n`;
if (!existsSync(FILE) || !readFileSync(FILE, "utf8").startsWith(head)) {
  installFolder(fileURLToPath(new URL(".", GENERATOR)));
  const { default: openapi, astToString } = createRequire(GENERATOR)("openapi-typescript") as Generator;
  writeFileSync(FILE, `${head}\n${astToString(await openapi(document, { alphabetize: true }))}`);
}
