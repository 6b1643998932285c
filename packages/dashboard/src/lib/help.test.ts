import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPages } from "../../../docs/src/build/pages.ts";
import { renderPage } from "../../../docs/src/build/markdown.ts";
import { HELP, helpUrl, SETTINGS_HELP } from "./help.ts";

const ROOT = join(import.meta.dirname, "../../../..");
/** Redirects, and the page for unknown paths, whose help link leads to the home page of the documentation. */
const WITHOUT = new Set(["/sign-in", "/$"]);

function routes(): readonly string[] {
  const source = readFileSync(join(import.meta.dirname, "../router.tsx"), "utf8");
  return [...source.matchAll(/getParentRoute: \(\) => operator,\s+path: "([^"]+)"/g)].map(([, path = ""]) => path);
}

it("every page of the dashboard has a help link, and nothing else has one", () => {
  const expected = routes().filter((path) => !WITHOUT.has(path));
  expect(expected.length).toBeGreaterThan(30);
  expect(new Set(Object.keys(HELP))).toEqual(new Set(expected));
});

it("every help link leads to a page of the documentation, and to a heading of it", () => {
  const pages = new Map(readPages(ROOT).map((page) => [page.slug, page]));
  const places = [
    ...Object.keys(HELP).map((route) => [route] as const),
    ...Object.keys(SETTINGS_HELP).map((tab) => ["/settings", tab] as const),
  ];
  const broken = places.filter(([route, tab]) => {
    const [slug = "", anchor] = helpUrl(route, "/docs", tab)!.slice("/docs/".length).split("#");
    const page = pages.get(slug);
    if (page === undefined) return true;
    return anchor !== undefined && !renderPage(ROOT, page).headings.some(({ id }) => id === anchor);
  });
  expect(broken).toEqual([]);
});

it("every tab of the settings has its own page in the documentation", () => {
  const source = readFileSync(join(import.meta.dirname, "../pages/settings.tsx"), "utf8");
  const [, tabs = ""] = /const TABS = \[([^\]]+)\]/.exec(source) ?? [];
  expect(Object.keys(SETTINGS_HELP)).toEqual([...tabs.matchAll(/"(\w+)"/g)].map(([, tab]) => tab));
});

it("an unknown page leads to the home page, and a server without documentation to none", () => {
  expect([helpUrl("/$", "/hooks/docs"), helpUrl("/audit", null)]).toEqual(["/hooks/docs/", null]);
});
