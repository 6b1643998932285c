/**
 * Writes `THIRD-PARTY-NOTICES.txt` into the built dashboard: every package with code, fonts or other files in the build, and
 * its licence text. Throws when a licence is not allowed or a package has no licence text.
 *
 * Vite lists the packages of scripts and styles (`build.license`). Its manifest has the files that styles refer to, such as fonts.
 */
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A package in the build. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression of its manifest. */
  readonly identifier?: string;
  readonly text?: string;
}

/** Licences that only require their notice. Read a new licence before you add it. */
const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "MIT-0",
  "OFL-1.1",
  "Unlicense",
]);
/** Shipped as the unchanged file of its package, which is what MPL-2.0 asks for. */
const SHIPPED_UNCHANGED = new Set(["ical.js"]);
/** Packages that name the MIT licence and their author, but contain no text of it. */
const WITHOUT_TEXT = new Set(["@nodable/entities", "abstract-logging"]);
const LICENCE_FILE = "{LICENSE,LICENCE,COPYING,License,Licence,license,licence,copying}*";
const RULE = "-".repeat(80);

/** Writes the notices from Vite's manifest and license list in `web`, and removes both files. */
export function writeNotices(web: string, root: string): void {
  const code = JSON.parse(readFileSync(`${web}/.vite/licenses.json`, "utf8")) as BundledPackage[];
  const manifest = JSON.parse(readFileSync(`${web}/.vite/manifest.json`, "utf8")) as Record<string, { src?: string }>;
  const folders = new Set(Object.values(manifest).flatMap(({ src }) => packageFolder(src) ?? []));
  const files = [...folders].map((folder) => readPackage(join(root, folder)));
  writeFileSync(`${web}/THIRD-PARTY-NOTICES.txt`, noticesOf([...code, ...files]));
  rmSync(`${web}/.vite`, { recursive: true });
}

/**
 * The text of the notices, with each package once.
 *
 * @param product What contains the packages, as the subject of a sentence.
 */
export function noticesOf(packages: readonly BundledPackage[], product = DASHBOARD): string {
  const unique = new Map(packages.map((entry) => [`${entry.name}@${entry.version}`, entry]));
  const sorted = [...unique].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  const problems = sorted.flatMap(problemsOf);
  if (problems.length > 0) throw new Error(`${product} cannot be shipped:\n${problems.join("\n")}`);
  const sections = sorted.map(
    ({ name, version, identifier, text }) =>
      `${RULE}\n${name} ${version} (${identifier})\n${RULE}\n\n${text!.trim()}\n`,
  );
  return `${headOf(product)}\n\n${sections.join("\n")}`;
}

const DASHBOARD = "The dashboard and the customer portal of Posthorn";

const headOf = (product: string): string => `Third-party notices

${product} contain the following packages.
Packages that npm installs along with Posthorn bring their licences with them.`;

function problemsOf({ name, version, identifier, text }: BundledPackage): string[] {
  const of = `${name} ${version}`;
  const isUnchanged = identifier === "MPL-2.0" && SHIPPED_UNCHANGED.has(name);
  if (identifier === undefined || !(isAllowed(identifier) || isUnchanged)) {
    return [
      `- ${of} has the licence ${identifier ?? "(none named)"}, which is not among those allowed. Replace the package, or allow the licence in packages/dashboard/scripts/notices.ts.`,
    ];
  }
  if (text === undefined || text.trim() === "") return [`- ${of} has no licence file. Replace the package.`];
  return [];
}

/** Whether an SPDX expression is an allowed licence, or a choice that contains one. */
function isAllowed(identifier: string): boolean {
  const choice = /^\((.*)\)$/.exec(identifier)?.[1] ?? identifier;
  return choice.split(" OR ").some((licence) => ALLOWED.has(licence.trim()));
}

/** Folder of the package that a built file comes from, relative to the build root. */
export function packageFolder(src: string | undefined): string | null {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(src ?? "")?.[0] ?? null;
}

export function readPackage(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as PackageManifest;
  const { name, version, license } = manifest;
  const [file] = globSync(LICENCE_FILE, { cwd: folder });
  const text =
    file !== undefined && existsSync(`${folder}/${file}`)
      ? readFileSync(`${folder}/${file}`, "utf8")
      : (textInReadme(folder) ?? textByAuthor(manifest));
  return { name, version, ...(license === undefined ? {} : { identifier: license }), text };
}

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** Some packages have their licence at the end of the README. */
function textInReadme(folder: string): string | null {
  const [readme] = globSync("{README,Readme,readme}.md", { cwd: folder });
  if (readme === undefined) return null;
  const [, text] = /^#+ *licen[cs]e *$([^]*)/im.exec(readFileSync(`${folder}/${readme}`, "utf8")) ?? [];
  return text?.includes("Permission is hereby granted") === true ? text.trim() : null;
}

function textByAuthor({ name, author }: PackageManifest): string {
  if (!WITHOUT_TEXT.has(name)) return "";
  const holder = (typeof author === "string" ? author : (author?.name ?? "")).replace(/ *[<(].*$/, "");
  return `MIT License\n\nCopyright (c) ${holder}\n\n${MIT}`;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
