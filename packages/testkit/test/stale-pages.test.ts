import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isNewer } from "../../../scripts/pages/stale.ts";

test("pages are stale when a source is newer, and not when only a folder is", () => {
  const root = mkdtempSync(join(tmpdir(), "posthorn-stale-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [built, source, folder] = [join(root, "index.html"), join(root, "page.tsx"), join(root, "api")] as const;
  for (const path of [built, source]) writeFileSync(path, "");
  mkdirSync(folder);
  utimesSync(built, 200, 200);
  utimesSync(source, 100, 100);
  utimesSync(folder, 300, 300);
  expect(isNewer([source, folder], built)).toBe(false);
  utimesSync(source, 300, 300);
  expect(isNewer([source, folder], built)).toBe(true);
  expect(isNewer([], join(root, "missing.html"))).toBe(true);
});
