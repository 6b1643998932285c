/** Finds or installs the programs of counterparts. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackage, pathFolders, run } from "../system.ts";
import { installOnce } from "./cache.ts";
import { missing } from "./skipped.ts";

/** The path of a program of a Debian package, which is installed if necessary and possible. */
export function debianProgram(program: string, debianPackage: string, counterpart: string): string {
  const found = programOnPath(program);
  if (found !== null) return found;
  installPackage(debianPackage);
  const now = programOnPath(program);
  if (now !== null) return now;
  throw missing(counterpart, `Install ${debianPackage} and make sure that ${program} is on the PATH.`);
}

export function programOnPath(program: string): string | null {
  const folders = [...pathFolders(), "/usr/sbin", "/usr/lib/rabbitmq/bin", "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, program)).find((place) => existsSync(place)) ?? null;
}

/** Builds a Go program once. @returns Its path. */
export async function goProgram(module: string, version: string, counterpart: string): Promise<string> {
  const name = module
    .replace(/\/v\d+$/, "")
    .split("/")
    .at(-1)!;
  const folder = await installOnce(`${name}-${version}`, (making) => {
    const go = programOnPath("go");
    if (go === null) throw missing(counterpart, `Install Go to build ${name}.`);
    // A separate folder: a GOBIN in the environment would otherwise take precedence.
    run("env", [`GOBIN=${making}`, go, "install", `${module}@${version}`], null);
  });
  return join(folder, name);
}

/** A folder for the data of a counterpart, removed when it is disposed of. */
export function dataFolder(counterpart: string): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), `posthorn-${counterpart}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
