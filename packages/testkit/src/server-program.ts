/** Which program the tests start as the server and the command line. */
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../../posthorn/src/main.ts", import.meta.url));

/** Path of a bundle of the program, set by the end-to-end tests. Without it, tests start the program from source. */
export const SERVER_BUNDLE = "POSTHORN_TEST_SERVER_BUNDLE";

/** Arguments of Node that start `posthorn`; its own arguments follow. */
export function programArguments(): readonly string[] {
  const bundle = process.env[SERVER_BUNDLE];
  return bundle === undefined ? ["--conditions=@posthorn/source", SOURCE] : [bundle];
}
