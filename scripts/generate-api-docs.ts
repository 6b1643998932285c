/**
 * Writes the API references of the published packages from their doc comments. With `--check` it writes nothing and fails when a page is
 * stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { formatted } from "./formatted.ts";
import { type ApiExport, type ApiMember, type Doc, type ExportKind, publicApi } from "./public-api.ts";

interface Reference {
  readonly folder: string;
  readonly page: string;
  readonly title: string;
  readonly introduction: string;
}

const REFERENCES: readonly Reference[] = [
  {
    folder: "packages/webhooks",
    page: "docs/webhooks/reference.md",
    title: "API reference of @posthorn/webhooks",
    introduction:
      "Every function, class and type of the package, by entry point. The examples are compiled and run by the tests.\n\n" +
      "Each provider definition has its own entry point, `@posthorn/webhooks/providers/<id>`: see [Providers](providers.md). " +
      "The [error codes](errors.md) are explained on their own page.",
  },
  {
    folder: "packages/egress",
    page: "docs/egress-reference.md",
    title: "API reference of @posthorn/egress",
    introduction:
      "Every function, class and type of the package, by entry point. The examples are compiled and run by the tests.\n\n" +
      "[Egress](egress.md) explains the rules, the error codes and how to deploy the client.",
  },
];

const ORDER: readonly ExportKind[] = ["function", "class", "constant", "interface", "type"];

function page(reference: Reference): string {
  const exports = publicApi(reference.folder);
  const entries = [...new Set(exports.map(({ entry }) => entry))].map((entry) => ({
    entry,
    members: exports.filter((one) => one.entry === entry).toSorted(byKindAndName),
  }));
  const anchors = new Anchors([reference.title, ...entries.flatMap(({ entry, members }) => [entry, ...members])]);
  const contents = entries.map(({ entry, members }) => {
    const names = members.filter(({ kind }) => kind === "function" || kind === "class");
    return `- [\`${entry}\`](#${anchors.of(entry)}): ${names.map((one) => anchors.link(one)).join(", ")}`;
  });
  const chapters = entries.map(
    ({ entry, members }) => `## ${entry}\n\n${members.map((one) => section(one, anchors)).join("\n\n")}`,
  );
  return [
    `# ${reference.title}`,
    `<!-- Written by scripts/generate-api-docs.ts from ${reference.folder}/src. Do not edit. -->`,
    reference.introduction,
    contents.join("\n"),
    ...chapters,
  ].join("\n\n");
}

function byKindAndName(a: ApiExport, b: ApiExport): number {
  return ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.name.localeCompare(b.name);
}

function section(one: ApiExport, anchors: Anchors): string {
  const members = one.members.map((member) => memberLine(member, one.entry, anchors));
  return [
    `### ${one.name}`,
    ...(one.signature === `interface ${one.name}` ? [] : ["```typescript\n" + one.signature + "\n```"]),
    ...body(one.doc, one.entry, anchors),
    ...(members.length === 0 ? [] : [members.join("\n")]),
    ...examples(one.doc),
  ].join("\n\n");
}

/** Text, parameters, result, errors and sources. */
function body({ text, tags }: Doc, entry: string, anchors: Anchors): string[] {
  const of = (name: string) => tags.filter((tag) => tag.name === name).map((tag) => inline(tag.text, entry, anchors));
  const parameters = of("param").map((line) => `- ${line.replace(/^(\S+)\s+/, "`$1`: ")}`);
  return [
    ...(text === "" ? [] : [inline(text, entry, anchors)]),
    ...(parameters.length === 0 ? [] : [parameters.join("\n")]),
    ...of("returns").map((line) => `Returns: ${line}`),
    ...of("throws").map(
      (line) => `Throws ${line.replace(/^\{(\w+)\}\s*/, (_, name: string) => `${anchors.reference(name, entry)}: `)}`,
    ),
    ...of("see").map((line) => `See ${line.replaceAll(/https?:\S+/g, "<$&>")}`),
  ];
}

function memberLine({ signature, doc }: ApiMember, entry: string, anchors: Anchors): string {
  const shown = signature.replaceAll(/\s+/g, " ").replace(/^readonly /, "");
  const parts = body(doc, entry, anchors).map((part) => part.replaceAll(/(?:^|\n+)- /g, " ").replaceAll(/\n+/g, " "));
  const text = parts.join(" ").replaceAll(/ {2,}/g, " ").trim();
  return `- \`${shown}\`${text === "" ? "" : `: ${text}`}`;
}

function examples({ tags }: Doc): string[] {
  return tags.filter(({ name }) => name === "example").map(({ text }) => text);
}

/** `{@link name}` becomes a link if the page documents that name. */
function inline(text: string, entry: string, anchors: Anchors): string {
  return text.replaceAll(/\{@link\s+((\w+)(?:\.\w+)?)\}/g, (_, label: string, name: string) =>
    anchors.reference(name, entry, label),
  );
}

/** Anchors as GitHub makes them: a heading that repeats gets a number. */
class Anchors {
  readonly #ids = new Map<string, string>();

  constructor(headings: readonly (string | ApiExport)[]) {
    const used = new Map<string, number>();
    for (const heading of headings) {
      const slug = (typeof heading === "string" ? heading : heading.name)
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .replaceAll(" ", "-");
      const count = used.get(slug) ?? 0;
      used.set(slug, count + 1);
      const key = typeof heading === "string" ? heading : `${heading.entry} ${heading.name}`;
      this.#ids.set(key, count === 0 ? slug : `${slug}-${count}`);
    }
  }

  of(key: string): string {
    return this.#ids.get(key) ?? "";
  }

  link({ entry, name }: ApiExport): string {
    return `[${name}](#${this.of(`${entry} ${name}`)})`;
  }

  /** A link to an export, preferably of the same entry point. */
  reference(name: string, entry: string, label = name): string {
    const key = [`${entry} ${name}`, ...this.#ids.keys()].find((one) => this.#ids.has(one) && one.endsWith(` ${name}`));
    return key === undefined ? `\`${label}\`` : `[\`${label}\`](#${this.of(key)})`;
  }
}

for (const reference of REFERENCES) {
  const wanted = await formatted(reference.page, page(reference));
  if (!process.argv.includes("--check")) {
    writeFileSync(reference.page, wanted);
  } else if (readFileSync(reference.page, "utf8") !== wanted) {
    console.error(`${reference.page} is stale. Write it with: npm run generate:docs`);
    process.exitCode = 1;
  }
}
