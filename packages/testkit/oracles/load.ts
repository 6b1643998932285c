/**
 * Packages that only tests load, such as the official libraries of providers: 650 MB that are not needed to run or develop the server. They
 * have a lock file of their own and are installed on demand: see docs/decisions/133-install-oracles-on-demand.md.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { installFolder, isInstalled } from "../src/install-folder.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(import.meta.url);

/** Installs the packages, unless they were installed from the same lock file. @returns Whether it had to. */
export function installOracles(): boolean {
  return installFolder(FOLDER);
}

/**
 * Loads a package that has a CommonJS build. Callers declare the part of its types that they use, because the packages are not there when
 * types are checked.
 *
 * @param name Of the package, or of one of its files.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the type; without it every call would need a cast.
export function requireOracle<T>(name: string): T {
  requireInstalled();
  return require(name) as T;
}

/** Loads a package that has only a CommonJS build or only an ES module build. */
export async function loadOracle<T>(name: string): Promise<T> {
  requireInstalled();
  try {
    return require(name) as T;
  } catch {
    return (await import(name)) as T;
  }
}

/** Path of the main file of a package, or of one of its files. */
export function resolveOracle(name: string): string {
  requireInstalled();
  return require.resolve(name);
}

function requireInstalled(): void {
  if (!isInstalled(FOLDER)) {
    throw new Error("The packages of the tests are not installed. Run `npm run install:oracles`; `npm test` does.");
  }
}
