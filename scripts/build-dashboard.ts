/**
 * Builds the dashboard into `packages/posthorn/web` and prints its progress. With `--if-changed` it builds only when a source is newer
 * than the last build.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { writeNotices } from "../packages/dashboard/scripts/notices.ts";
import { BuildProgress } from "./pages/progress.ts";
import { brotli } from "./pages/brotli.ts";
import { firstLoadBytes, MAX_FIRST_LOAD_BYTES } from "./pages/first-load.ts";
import { compressible, DASHBOARD_FOLDER, DASHBOARD_PAGE, isDashboardStale } from "./pages/stale.ts";

const STEPS: readonly { readonly name: string; readonly run: () => Promise<void> | void }[] = [
  { name: "bundle the pages", run: bundle },
  { name: "write the third-party notices", run: notices },
  { name: "compress the files", run: compress },
];
/** Quality of brotli: these files are compressed once, and loaded by every browser. */
const SMALLEST = 11;
/** The step after which the pages can be served. */
const LAST_NEEDED_STEP = 2;

/** A failed step, with a message for the person who started the build. */
class BuildError extends Error {}

if (!process.argv.includes("--if-changed") || isDashboardStale()) await build();
else console.log("The dashboard is up to date.");
// The IPC channel to the script that started the build would keep this process alive.
if (process.connected) process.disconnect();

async function build(): Promise<void> {
  const progress = new BuildProgress("Dashboard", STEPS.length);
  for (const [index, { name, run }] of STEPS.entries()) {
    progress.begin(name);
    try {
      await run();
    } catch (error) {
      const cause = error instanceof BuildError ? error.message : String(error);
      console.error(`posthorn: the dashboard was not built. Step ${progress.current} (${name}) failed: ${cause}`);
      // Without the page, the next start builds again instead of taking this one for complete.
      rmSync(DASHBOARD_PAGE, { force: true });
      process.exit(1);
    }
    if (index + 1 === LAST_NEEDED_STEP) progress.ready();
  }
  progress.done();
}

async function bundle(): Promise<void> {
  // Vitest sets NODE_ENV to "test", and React's development build is larger and slower.
  const env = { ...process.env, NODE_ENV: "production" };
  const args = ["build", "--logLevel", "warn", "packages/dashboard"];
  const vite = spawn("vite", args, { stdio: "inherit", env });
  const [status, signal] = await exitOf(vite);
  if (status !== 0) {
    const end = signal === null ? `ended with exit code ${status}` : `was killed by ${signal}`;
    throw new BuildError(`\`vite ${args.join(" ")}\` ${end}. See the output above.`);
  }
  const bytes = firstLoadBytes(DASHBOARD_FOLDER);
  if (bytes > MAX_FIRST_LOAD_BYTES) {
    throw new BuildError(
      `The first load is ${bytes} bytes with gzip, and may be ${MAX_FIRST_LOAD_BYTES}. Load what the overview does not need with the page that needs it.`,
    );
  }
}

/** Waits until Vite exits, and stops it if the script that started this one has exited. */
async function exitOf(vite: ChildProcess): Promise<readonly [code: number | null, signal: NodeJS.Signals | null]> {
  const stop = (): void => void vite.kill();
  process.once("disconnect", stop);
  process.once("SIGTERM", stop);
  try {
    return (await once(vite, "exit")) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw new BuildError(`Vite did not start (${(error as Error).message}). Run \`npm ci\`, then try again.`);
  } finally {
    process.off("disconnect", stop);
    process.off("SIGTERM", stop);
  }
}

function notices(): void {
  try {
    writeNotices(DASHBOARD_FOLDER, "packages/dashboard");
  } catch (cause) {
    throw cause instanceof Error ? new BuildError(cause.message, { cause }) : cause;
  }
}

/** Compresses each file once, so that nodes need not do it per request. A server may already serve these files. */
async function compress(): Promise<void> {
  const compressFile = async (path: string): Promise<void> => {
    const bytes = readFileSync(path);
    writeWhole(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
    // Last, because a build is complete when these files exist.
    writeWhole(`${path}.br`, await brotli(bytes, SMALLEST));
  };
  await Promise.all(compressible().map(compressFile));
}

function writeWhole(path: string, content: Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
