/**
 * Bundles each worker thread into one file before the tests, as Vitest's `globalSetup`. A thread then starts with a third of the CPU time, and
 * the tests start more than a thousand. A watching Vitest uses the source, which may change.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import type { TestProject } from "vitest/node";
import { EXTERNAL, PACKAGE, THREADS } from "../../../../scripts/bundle-parts.ts";
import { BUNDLED_THREADS } from "./bundled-thread-file.ts";

/** Inside the package, so that packages resolve as they do in the source. */
const CACHE = join(PACKAGE, "node_modules/.cache/threads");

export async function setup(project: TestProject): Promise<void> {
  if (!project.vitest.config.watch) process.env[BUNDLED_THREADS] = await bundleThreads();
}

/** Returns the folder of the files. Its name depends on the content, so that Node's compile cache works across runs. */
async function bundleThreads(): Promise<string> {
  await using bundle = await rolldown({
    input: THREADS,
    platform: "node",
    external: [...EXTERNAL],
    resolve: { conditionNames: ["@posthorn/source", "node", "default"] },
    logLevel: "warn",
  });
  const { output } = await bundle.generate({ entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  const chunks = output.flatMap((part) => (part.type === "chunk" ? [{ name: part.fileName, code: part.code }] : []));
  // Without it, Node would parse these files twice to detect that they are modules.
  const files = [...chunks, { name: "package.json", code: '{"type":"module"}' }];
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const folder = join(CACHE, hash);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(`${folder}-`);
  for (const { name, code } of files) writeFileSync(join(unfinished, name), code);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another run has written the same files meanwhile.
    if (!existsSync(folder)) throw error;
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}
