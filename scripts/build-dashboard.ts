/**
 * Builds the dashboard into `packages/posthorn/web`. With `--if-changed` only when a source is newer than the last build, so that
 * `npm start` costs nothing more the second time.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const PAGE = "packages/posthorn/web/index.html";
const SOURCES = [
  "packages/dashboard/{src,scripts}/**/*",
  "packages/dashboard/*",
  "packages/posthorn/src/api/**/*",
  "package-lock.json",
];

if (!process.argv.includes("--if-changed") || isStale()) build();

function isStale(): boolean {
  const built = statSync(PAGE, { throwIfNoEntry: false });
  if (built === undefined) return true;
  // The generated client is written by the build itself.
  const sources = globSync(SOURCES).filter((path) => !path.endsWith("src/api/schema.ts"));
  return sources.some((path) => statSync(path).mtimeMs > built.mtimeMs);
}

function build(): void {
  run("npm", ["run", "-s", "generate:client"]);
  run("vite", ["build", "--logLevel", "warn", "packages/dashboard"]);
  // Compressed once here, not by each node at each request.
  for (const path of globSync("packages/posthorn/web/assets/*.{js,css,svg}")) {
    const bytes = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(bytes));
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

function run(command: string, args: readonly string[]): void {
  // A test that builds has NODE_ENV of its own, with which React is larger and slower.
  const env = { ...process.env, NODE_ENV: "production" };
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}
