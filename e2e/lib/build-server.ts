/**
 * Bundles the server once before all test files, as the build of the published package does, so that the tests start what users install.
 * The tests of `npm start` run the source, and `release.test.ts` the published packages.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SERVER_BUNDLE } from "@posthorn/testkit";

/** A folder of its own, because `release.test.ts` builds the package while other tests start servers. */
const FOLDER = "test/dist";
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export function setup(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/bundle-server.ts", FOLDER], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`scripts/bundle-server.ts failed:\n${stdout}${stderr}`);
  process.env[SERVER_BUNDLE] = `${REPOSITORY}packages/posthorn/${FOLDER}/main.js`;
}
