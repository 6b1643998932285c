/** Size of the files that a browser loads before it shows the first page of the dashboard. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Limit of the scripts and style sheets together, compressed with gzip. */
export const MAX_FIRST_LOAD_BYTES = 180_000;

/** Compressed size of the scripts and style sheets that a page names. Charts and dialogs load after it has started. */
export function firstLoadBytes(folder: string): number {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const files = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file!);
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).byteLength, 0);
}
