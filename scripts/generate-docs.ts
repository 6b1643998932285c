/**
 * Generates parts of documents, those between `<!-- generated: NAME -->` and `<!-- /generated -->`, and compares lists
 * that are maintained manually with the code, in both directions. With `--check` it writes nothing, and fails on a difference.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { EGRESS_ERRORS } from "@posthorn/egress";
import type { Setting } from "../packages/posthorn/src/config/setting.ts";
import { flagOf, settings } from "../packages/posthorn/src/config/settings.ts";
import { CAN } from "../packages/posthorn/src/domain/auth/key-sentence.ts";
import { PERMISSIONS } from "../packages/posthorn/src/domain/grant.ts";
import { ROLE_PERMISSIONS, ROLES } from "../packages/posthorn/src/domain/role.ts";
import { PosthornError, type PosthornErrorCode } from "../packages/posthorn/src/lib/errors.ts";
import { formatted } from "./formatted.ts";
import { taskTable } from "./task-table.ts";

const GENERATED: Record<string, Record<string, () => string>> = {
  "README.md": { receiver: () => `\`\`\`js\n${read("examples/receiver.mjs").trim()}\n\`\`\`` },
  "docs/README.md": { decisions: decisionList },
  "docs/access.md": { roles: rolesTable },
  "docs/configuration.md": { settings: settingsTable },
  "docs/delivery.md": { causes: causesTable },
  "e2e/README.md": { tasks: taskTable },
};

const check = process.argv.includes("--check");
const problems = [...errorCodeProblems(), ...dependencyProblems(), ...decisionProblems()];

for (const [path, parts] of Object.entries(GENERATED)) {
  const before = read(path);
  const after = await formatted(path, fill(path, before, parts));
  if (before === after) continue;
  if (check) problems.push(`${path} is out of date: run \`npm run generate:docs\``);
  else writeFileSync(path, after);
}
if (problems.length > 0) {
  console.error(`Documents and code differ:\n  ${problems.join("\n  ")}`);
  process.exitCode = 1;
}

function fill(path: string, text: string, parts: Record<string, () => string>): string {
  return Object.entries(parts).reduce((filled, [name, make]) => {
    const part = new RegExp(`(<!-- generated: ${name} -->)[^]*?(<!-- /generated -->)`);
    if (!part.test(filled)) problems.push(`${path} has no part named "${name}"`);
    return filled.replace(part, (_, open: string, close: string) => `${open}\n\n${make()}\n\n${close}`);
  }, text);
}

function settingsTable(): string {
  const rows = Object.values(settings as Record<string, Setting<unknown>>).map((setting) => {
    const dev = setting.devDefault === undefined ? "" : `; with \`--dev\` \`${setting.devDefault}\``;
    const value = setting.default === "" ? "empty" : `\`${setting.default}\``;
    return `| \`${setting.name}\`<br>\`${flagOf(setting.name)}\` | ${value}${dev} | ${setting.help} |`;
  });
  return ["| Setting and flag | Default | Meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Permissions with the roles that have them. */
function rolesTable(): string {
  const rows = PERMISSIONS.map((permission) => {
    const cells = ROLES.map((role) => (ROLE_PERMISSIONS[role].has(permission) ? "yes" : ""));
    return `| \`${permission}\` | ${CAN[permission]} | ${cells.join(" | ")} |`;
  });
  return [`| Permission | Allows to | ${ROLES.join(" | ")} |`, `| ${"--- | ".repeat(ROLES.length + 2)}`, ...rows].join(
    "\n",
  );
}

/** One link for each decision record, with its title. */
function decisionList(): string {
  const links = readdirSync("docs/decisions")
    .filter((file) => file.endsWith(".md"))
    .toSorted()
    .map((file) => `- [${/^# (.+)$/m.exec(read(`docs/decisions/${file}`))?.[1] ?? file}](decisions/${file})`);
  return links.join("\n");
}

/** Titles of decisions start with their number, by which other documents refer to them. */
function decisionProblems(): string[] {
  return readdirSync("docs/decisions")
    .filter((file) => file.endsWith(".md") && !read(`docs/decisions/${file}`).startsWith(`# ${file.slice(0, 3)}`))
    .map((file) => `the title of docs/decisions/${file} does not start with its number`);
}

/** Causes of failed attempts. Faults of the server and aborted attempts are omitted: they are never recorded. */
function causesTable(): string {
  const rows = Object.entries(EGRESS_ERRORS)
    .filter(([, { fault }]) => fault === "target" || fault === "refused")
    .map(([code, { message }]) => `| \`${code}\` | ${message} |`);
  return ["| `errorCode` | What `response` says |", "| --- | --- |", ...rows].join("\n");
}

/** Compares the table of error codes in docs/api.md with the codes and statuses of the code. */
function errorCodeProblems(): string[] {
  const union =
    /export type PosthornErrorCode =([^]*?);\n\n/.exec(read("packages/posthorn/src/lib/errors.ts"))?.[1] ?? "";
  const codes = [...union.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  const section = /\n## Errors\n([^]*?)\n## /.exec(read("docs/api.md"))?.[1] ?? "";
  const listed = new Map(
    [...section.matchAll(/^\| `([^`]+)` +\| (\d{3}|-) /gm)].map((match) => [match[1]!, match[2]!] as const),
  );
  const missing = codes.filter((code) => !listed.has(code)).map((code) => `docs/api.md does not list the code ${code}`);
  const unknown = [...listed.keys()]
    .filter((code) => !codes.includes(code))
    .map((code) => `docs/api.md lists the code ${code}, which does not exist`);
  const wrong = [...listed].flatMap(([code, status]) => {
    const { status: real } = new PosthornError(code as PosthornErrorCode, "");
    return status === "-" || !codes.includes(code) || Number(status) === real
      ? []
      : [`docs/api.md lists status ${status} for ${code}, but the code uses ${real}`];
  });
  return [...missing, ...unknown, ...wrong];
}

/** Compares each section of docs/dependencies.md that names a package with the dependencies of that package. */
function dependencyProblems(): string[] {
  const sections = read("docs/dependencies.md").split(/^## /m).slice(1);
  return sections.flatMap((section) => {
    const heading = section.split("\n", 1)[0]!.trim();
    const manifest = heading === "Tools" ? "package.json" : `packages/${heading}/package.json`;
    if (!existsSync(manifest)) return [];
    const manifestOf = JSON.parse(read(manifest)) as Record<string, object>;
    const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = manifestOf;
    const used = Object.keys(heading === "Tools" ? devDependencies : { ...dependencies, ...peerDependencies });
    const known = new Set([...used, ...Object.keys(devDependencies)]);
    // An item can name several packages: `one`, `two`: their common reason.
    const items = [...section.matchAll(/^- (`[^`]+`(?:,\s+`[^`]+`)*)/gm)].map((match) => match[1]!);
    const listed = items.flatMap((item) => [...item.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
    const unexplained = used.filter((name) => !listed.includes(name));
    const unused = listed.filter((name) => !known.has(name));
    return unexplained
      .map((name) => `docs/dependencies.md does not list ${name} (${heading})`)
      .concat(unused.map((name) => `docs/dependencies.md lists ${name} (${heading}), which is not used`));
  });
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
