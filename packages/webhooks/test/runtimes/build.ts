import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions } from "esbuild";

export const FOLDER: string = fileURLToPath(new URL(".", import.meta.url));
export const OUT: string = `${FOLDER}dist/`;
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** Installs the runtimes from their lock file, unless they were installed from the same one. */
export function installRuntimes(): void {
  const lock = readFileSync(`${FOLDER}package-lock.json`, "utf8");
  const stamp = `${FOLDER}node_modules/.installed`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  // The platform packages contain the programs, so no install script has to run.
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: FOLDER, stdio: "pipe" });
  writeFileSync(stamp, lock);
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
  const shared: BuildOptions = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
  const alias = { "node:test": `${FOLDER}shims/test.ts`, "node:assert/strict": `${FOLDER}shims/assert.ts` };
  await Promise.all([
    build({ ...shared, entryPoints: [`${FOLDER}suite.ts`], outfile: `${OUT}suite.test.mjs`, packages: "external" }),
    build({ ...shared, alias, entryPoints: [`${FOLDER}entry-workerd.ts`], outfile: `${OUT}workerd.mjs` }),
    build({ ...shared, alias, entryPoints: [`${FOLDER}entry-browser.ts`], outfile: `${OUT}browser.mjs` }),
  ]);
}
