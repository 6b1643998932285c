/** Whether pages must be built: a source is newer than the last build, or that build is incomplete. */
import { existsSync, globSync, statSync } from "node:fs";

export const DASHBOARD_FOLDER = "packages/posthorn/web";
/** Without this page, the dashboard counts as not built. */
export const DASHBOARD_PAGE = `${DASHBOARD_FOLDER}/index.html`;
export const DOCS_FOLDER = "packages/posthorn/docs";
/** Written last, so that an interrupted build is not taken for a complete one. */
export const DOCS_MARK = `${DOCS_FOLDER}/version.json`;

const DASHBOARD_SOURCES = [
  "packages/dashboard/src/**/*",
  "packages/dashboard/scripts/{language-documents,notices}.ts",
  "packages/dashboard/*",
  // The one module that the pages share with the server.
  "packages/posthorn/src/domain/event-type/schema-examples.ts",
  "package-lock.json",
];
const DOCS_SOURCES = [
  "*.md",
  "docs/**/*",
  "bench/*.md",
  "packages/*/README.md",
  "packages/docs/src/**/*",
  "packages/dashboard/src/styles/base.css",
  "packages/posthorn/package.json",
  "scripts/build-docs.ts",
];

export function isDashboardStale(): boolean {
  // The generated client has types only, so no page changes with it.
  const sources = globSync(DASHBOARD_SOURCES).filter((path) => !path.endsWith("src/api/schema.ts"));
  return isNewer(sources, DASHBOARD_PAGE) || compressible().some((path) => !existsSync(`${path}.br`));
}

export function isDocsStale(): boolean {
  return isNewer(globSync(DOCS_SOURCES), DOCS_MARK);
}

/** Files of the dashboard that are served compressed. */
export function compressible(): readonly string[] {
  return globSync(`${DASHBOARD_FOLDER}/assets/*.{js,css,svg}`);
}

/** Whether one of these files is newer than `built`, or that is missing. */
export function isNewer(sources: readonly string[], built: string): boolean {
  const mark = statSync(built, { throwIfNoEntry: false });
  if (mark === undefined) return true;
  return sources.some((path) => {
    const source = statSync(path);
    // A folder also changes when the generated client is written into it for the first time.
    return source.isFile() && source.mtimeMs > mark.mtimeMs;
  });
}
