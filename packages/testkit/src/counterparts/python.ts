/** Python packages of counterparts. */
import { installPackage, run } from "../system.ts";
import { installOnce } from "./cache.ts";
import { programOnPath } from "./installed.ts";
import { missing } from "./skipped.ts";

export interface PythonPackage {
  readonly python: string;
  /** Folder for `PYTHONPATH`. */
  readonly packages: string;
}

/**
 * Installs a package with its dependencies into a folder of its own.
 *
 * @param counterpart Name for `POSTHORN_TEST_SKIP_COUNTERPARTS`.
 * @param requirement Such as `moto[server]==5.2.5`.
 */
export async function pythonPackage(counterpart: string, folder: string, requirement: string): Promise<PythonPackage> {
  const python = pythonWithPip(counterpart);
  const packages = await installOnce(folder, (making) => {
    run(python, ["-m", "pip", "install", "-q", "--no-compile", "--target", making, requirement], null);
  });
  return { python, packages };
}

function pythonWithPip(counterpart: string): string {
  if (programOnPath("python3") === null) installPackage("python3");
  const python = programOnPath("python3");
  if (python === null) throw missing(counterpart, "Install Python 3 to run it.");
  try {
    run(python, ["-m", "pip", "--version"], null);
  } catch {
    installPackage("python3-pip");
  }
  return python;
}
