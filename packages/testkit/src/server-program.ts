/** Which program the tests start as the server and the command line. */
import { fileURLToPath } from "node:url";
import { ask } from "./on-demand.ts";

const SOURCE = fileURLToPath(new URL("../../posthorn/src/main.ts", import.meta.url));

/** Path of a bundle of the program, set by the end-to-end tests. Without it, tests start the program from source. */
export const SERVER_BUNDLE = "POSTHORN_TEST_SERVER_BUNDLE";

/** Set if the run has a bundle on demand: see `bundle-on-demand.ts`. */
export const BUNDLE_ON_DEMAND = "POSTHORN_TEST_BUNDLE_PORT";

/** Arguments of Node that start `posthorn`; its own arguments follow. */
export function programArguments(): readonly string[] {
  const path = process.env[SERVER_BUNDLE];
  return path === undefined ? ["--conditions=@posthorn/source", SOURCE] : [path];
}

let bundle: Promise<string> | null = null;

/** The same, after the bundle of this run is built, if the run has one on demand. */
export async function builtProgramArguments(): Promise<readonly string[]> {
  if (process.env[BUNDLE_ON_DEMAND] === undefined) return programArguments();
  bundle ??= ask(BUNDLE_ON_DEMAND);
  return [await bundle];
}
