import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { installFolder } from "@posthorn/testkit/install-folder";
import { requireOracle } from "@posthorn/testkit/oracles";

export const FOLDER: string = fileURLToPath(new URL(".", import.meta.url));
export const OUT: string = `${FOLDER}dist/`;
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** Installs the runtimes from their lock file, unless they were installed from the same one. */
export function installRuntimes(): void {
  installFolder(FOLDER);
}

/**
 * Builds the package as it is published, and the suite: once for runtimes that resolve packages and have `node:test`, and once as a single
 * file for each of the two runtimes that do not.
 */
export async function buildSuite(): Promise<void> {
  rmSync(OUT, { recursive: true, force: true });
  execFileSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, "-p", `${PACKAGE}tsconfig.build.json`], {
    stdio: "pipe",
  });
  const { build } = requireOracle<{ build(options: object): Promise<unknown> }>("esbuild");
  const shared = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
  const alias = { "node:test": `${FOLDER}shims/test.ts`, "node:assert/strict": `${FOLDER}shims/assert.ts` };
  await Promise.all([
    build({ ...shared, entryPoints: [`${FOLDER}suite.ts`], outfile: `${OUT}suite.test.mjs`, packages: "external" }),
    build({ ...shared, alias, entryPoints: [`${FOLDER}entry-workerd.ts`], outfile: `${OUT}workerd.mjs` }),
    build({ ...shared, alias, entryPoints: [`${FOLDER}entry-browser.ts`], outfile: `${OUT}browser.mjs` }),
  ]);
}
