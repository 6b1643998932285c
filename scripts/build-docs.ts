/**
 * Builds the documentation site into `packages/posthorn/docs`. With `--if-changed` it builds only when a source is newer than the last
 * build. With `--check` it writes nothing, and fails if the built site has broken links or anchors.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { brokenLinks } from "../packages/docs/src/build/check.ts";
import { buildSite, type Site } from "../packages/docs/src/build/site.ts";
import { brotli } from "./pages/brotli.ts";
import { BuildProgress } from "./pages/progress.ts";
import { DOCS_FOLDER, DOCS_MARK, isDocsStale } from "./pages/stale.ts";

/** The best quality takes ten times as long for 2 % less. */
const QUALITY = 9;

if (process.argv.includes("--check")) await check();
else if (!process.argv.includes("--if-changed") || isDocsStale()) await build();
else console.log("The documentation is up to date.");
// The IPC channel to the script that started the build would keep this process alive.
if (process.connected) process.disconnect();

async function check(): Promise<void> {
  const broken = brokenLinks(await buildSite("."));
  if (broken.length === 0) return;
  console.error(`The documentation site has broken links:\n  ${broken.join("\n  ")}`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const progress = new BuildProgress("Documentation", 2);
  progress.begin("render the pages");
  const site = await buildSite(".");
  progress.begin("write and compress the files");
  rmSync(DOCS_FOLDER, { recursive: true, force: true });
  await write(site);
  progress.ready();
  progress.done();
}

/** Writes the files, and compresses each once, so that nodes need not do it per request. */
async function write(site: Site): Promise<void> {
  const writeOne = async ([path, content]: readonly [string, string | Buffer]): Promise<void> => {
    const target = join(DOCS_FOLDER, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    if (!/\.(html|md|txt|json|js|css|svg)$/.test(path)) return;
    writeFileSync(`${target}.br`, await brotli(content, QUALITY));
    writeFileSync(`${target}.gz`, await promisify(gzip)(content, { level: 9 }));
  };
  const mark = [...site].filter(([path]) => join(DOCS_FOLDER, path) === DOCS_MARK);
  await Promise.all([...site].filter(([path]) => join(DOCS_FOLDER, path) !== DOCS_MARK).map(writeOne));
  await Promise.all(mark.map(writeOne));
}
