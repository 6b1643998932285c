/**
 * The bundle of the server for suites in which few files start one. It is built when the first of them needs it. A server then starts with
 * less than half the CPU time. Runs as Vitest's `globalSetup`. The tests of `npm start` and those that watch for changes run the source.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { offer } from "./on-demand.ts";
import { BUNDLE_ON_DEMAND } from "./server-program.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

export async function setup({ vitest }: TestProject): Promise<(() => void) | undefined> {
  if (vitest.config.watch) return undefined;
  // Suites run at the same time, so each has its own folder.
  const folder = `test/dist-${vitest.config.root === REPOSITORY.slice(0, -1) ? "unit" : "destinations"}`;
  const offered = await offer(BUNDLE_ON_DEMAND, () => bundle(folder));
  return () => offered[Symbol.dispose]();
}

async function bundle(folder: string): Promise<string> {
  const child = spawn(process.execPath, ["scripts/bundle-server.ts", folder], { cwd: REPOSITORY });
  const [printed, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => void child.once("close", resolve)),
  ]);
  if (code !== 0) throw new Error(`scripts/bundle-server.ts failed:\n${printed}${errors}`);
  return `${REPOSITORY}packages/posthorn/${folder}/main.js`;
}
