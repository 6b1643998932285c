/**
 * Builds the dashboard into `packages/posthorn/web` and prints its progress. With `--if-changed` it builds only when a source is newer
 * than the last build.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { writeNotices } from "../packages/dashboard/scripts/notices.ts";

const PAGE = "packages/posthorn/web/index.html";
const SOURCES = [
  "packages/dashboard/src/**/*",
  "packages/dashboard/scripts/notices.ts",
  "packages/dashboard/*",
  // The one module that the pages share with the server.
  "packages/posthorn/src/domain/event-type/schema-examples.ts",
  "package-lock.json",
];

const STEPS: readonly { readonly name: string; readonly run: () => Promise<void> | void }[] = [
  { name: "Bundle the pages", run: bundle },
  { name: "Write the third-party notices", run: notices },
  { name: "Compress the files", run: compress },
];

/** A failed step, with a message for the person who started the build. */
class BuildError extends Error {}

if (!process.argv.includes("--if-changed") || isStale()) await build();
else console.log("The dashboard is up to date.");

function isStale(): boolean {
  const built = statSync(PAGE, { throwIfNoEntry: false });
  if (built === undefined) return true;
  // The generated client has types only, so no page changes with it.
  const sources = globSync(SOURCES).filter((path) => !path.endsWith("src/api/schema.ts"));
  return sources.some((path) => statSync(path).mtimeMs > built.mtimeMs);
}

async function build(): Promise<void> {
  console.log("Building the dashboard. This takes up to a minute, and only happens when its sources have changed.");
  for (const [index, { name, run }] of STEPS.entries()) {
    const step = `[${index + 1}/${STEPS.length}] ${name}`;
    process.stdout.write(`  ${step} … `);
    const start = performance.now();
    try {
      await run();
    } catch (error) {
      console.log("failed");
      const cause = error instanceof BuildError ? error.message : String(error);
      console.error(`posthorn: the dashboard was not built. Step ${step} failed: ${cause}`);
      // Without the page, the next start builds again instead of taking this one for complete.
      rmSync(PAGE, { force: true });
      process.exit(1);
    }
    console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

function bundle(): void {
  // Vitest sets NODE_ENV to "test", and React's development build is larger and slower.
  const env = { ...process.env, NODE_ENV: "production" };
  const args = ["build", "--logLevel", "warn", "packages/dashboard"];
  const { status, signal, error } = spawnSync("vite", args, { stdio: "inherit", env });
  if (error !== undefined)
    throw new BuildError(`Vite did not start (${error.message}). Run \`npm ci\`, then try again.`);
  if (status !== 0) {
    const end = signal === null ? `ended with exit code ${status}` : `was ended by ${signal}`;
    throw new BuildError(`\`vite ${args.join(" ")}\` ${end}. See the output above.`);
  }
}

function notices(): void {
  try {
    writeNotices("packages/posthorn/web", "packages/dashboard");
  } catch (cause) {
    throw cause instanceof Error ? new BuildError(cause.message, { cause }) : cause;
  }
}

/** Compresses each file once here, so that no node does it for each request. */
async function compress(): Promise<void> {
  const compressFile = async (path: string): Promise<void> => {
    const bytes = readFileSync(path);
    writeFileSync(`${path}.br`, await promisify(brotliCompress)(bytes));
    writeFileSync(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  };
  await Promise.all(globSync("packages/posthorn/web/assets/*.{js,css,svg}").map(compressFile));
}
