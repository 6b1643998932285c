/**
 * Builds the documentation site into `packages/posthorn/docs`. With `--if-changed` it builds only when a source is newer than the last
 * build. With `--check` it writes nothing, and fails when a link or an anchor of the built site leads nowhere.
 */
import { globSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { brokenLinks } from "../packages/docs/src/build/check.ts";
import { buildSite, type Site } from "../packages/docs/src/build/site.ts";

const OUTPUT = "packages/posthorn/docs";
/** Written last, so that an interrupted build is not taken for a complete one. */
const MARK = `${OUTPUT}/version.json`;
const SOURCES = [
  "*.md",
  "docs/**/*",
  "bench/*.md",
  "packages/*/README.md",
  "packages/docs/src/**/*",
  "packages/dashboard/src/styles/base.css",
  "packages/posthorn/package.json",
  "scripts/build-docs.ts",
];
/** The best quality takes ten times as long for 2 % less. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

if (process.argv.includes("--check")) await check();
else if (!process.argv.includes("--if-changed") || isStale()) await build();
else console.log("The documentation is up to date.");

function isStale(): boolean {
  const built = statSync(MARK, { throwIfNoEntry: false });
  return built === undefined || globSync(SOURCES).some((path) => statSync(path).mtimeMs > built.mtimeMs);
}

async function check(): Promise<void> {
  const broken = brokenLinks(await buildSite("."));
  if (broken.length === 0) return;
  console.error(`The documentation site has broken links:\n  ${broken.join("\n  ")}`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  process.stdout.write("Building the documentation … ");
  const start = performance.now();
  const site = await buildSite(".");
  rmSync(OUTPUT, { recursive: true, force: true });
  await write(site);
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Writes the files, and compresses each once here, so that no node does it for each request. */
async function write(site: Site): Promise<void> {
  const writeOne = async ([path, content]: readonly [string, string | Buffer]): Promise<void> => {
    const target = join(OUTPUT, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    if (!/\.(html|md|txt|json|js|css|svg)$/.test(path)) return;
    writeFileSync(`${target}.br`, await promisify(brotliCompress)(content, BROTLI));
    writeFileSync(`${target}.gz`, await promisify(gzip)(content, { level: 9 }));
  };
  const mark = [...site].filter(([path]) => join(OUTPUT, path) === MARK);
  await Promise.all([...site].filter(([path]) => join(OUTPUT, path) !== MARK).map(writeOne));
  await Promise.all(mark.map(writeOne));
}
