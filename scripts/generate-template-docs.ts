/**
 * Writes `docs/templates/`: the gallery, and a page with the templates of each field of use, from the declarations. With `--check` it writes
 * nothing and fails when a page is stale.
 */
import {
  CATEGORIES,
  type Category,
  type ExampleStep,
  exampleValues,
  type Template,
} from "../packages/posthorn/src/templates/template.ts";
import { TEMPLATES } from "../packages/posthorn/src/templates/templates.ts";
import type { KindConfig } from "../packages/posthorn/src/fields/field.ts";
import { completeConfig } from "../packages/posthorn/src/fields/config.ts";
import { cell, exampleConfig, fieldTable, prose, writePages } from "./kind-pages.ts";

const FOLDER = "docs/templates";
const NOTE = "<!-- Written by scripts/generate-template-docs.ts from packages/posthorn/src/templates. Do not edit. -->";

type Named = readonly [id: string, template: Template];

function templatesOf(category: Category): readonly Named[] {
  return Object.entries(TEMPLATES).filter(([, template]) => template.category === category);
}

function pages(): ReadonlyMap<string, string> {
  const categories = Object.entries(CATEGORIES) as readonly (readonly [Category, string])[];
  return new Map([
    [`${FOLDER}/README.md`, gallery(categories)],
    ...categories.map(([category, title]) => [`${FOLDER}/${category}.md`, page(category, title)] as const),
  ]);
}

function gallery(categories: readonly (readonly [Category, string])[]): string {
  const chapters = categories.map(([category, title]) => {
    const rows = templatesOf(category).map(
      ([id, template]) =>
        `| [${template.title}](${category}.md#${anchor(template.title)}) | \`${id}\` | ${cell(template.summary)} |`,
    );
    return `## ${title}\n\n| Template | ID | What it does |\n| --- | --- | --- |\n${rows.join("\n")}`;
  });
  return `# Templates

A template is a ready-made setup for a common use case: a source or event types, an endpoint and, for some, a
[watch](../features/watches.md). You fill in a form, and Posthorn creates everything in one transaction.

${NOTE}

\`\`\`sh run
call GET  template                              # all templates, with the fields of their forms
call POST template/refund/dry-run '{"values": {"destinationUrl": "https://example.com/webhooks"}}'
call POST template/refund/instantiate '{"values": {"destinationUrl": "https://example.com/webhooks"}}'
\`\`\`

[The HTTP API](../api.md) defines \`call\`. The dry run performs all checks and stores nothing. The response of \`instantiate\` contains the
source with its URL, the watch, the endpoint, and the next steps.

Templates create ordinary resources: you can change or delete each of them as if you had created it yourself. If your application publishes
the events of a template, pass \`app\`, the ID or uid of that application. Existing event types are not changed.

Each example on these pages is tested: the test sends it to a running server, with the provider's signature, and checks what the endpoint
receives.

${chapters.join("\n\n")}
`;
}

function page(category: Category, title: string): string {
  return `# Templates: ${title}

${NOTE}

${templatesOf(category)
  .map(([id, template]) => section(id, template))
  .join("\n\n")}
`;
}

function section(id: string, template: Template): string {
  const { title, summary, needs, setup, fields, examples } = template;
  const values = exampleConfig(Object.entries(fields), ["token"]);
  const plan = template.plan(completeConfig(template, exampleValues(template) as KindConfig));
  const body = { ...(plan.source === null ? { app: "demo" } : {}), values };
  return `## ${title}

${prose(summary)}

\`\`\`sh run
call POST template/${id}/instantiate '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'
\`\`\`

**What you need.** ${needs.map(prose).join(" ")}

**What it creates.** ${created(template)}

${plan.watch === null ? "" : `\`\`\`json\n${JSON.stringify(plan.watch.rule, null, 2)}\n\`\`\`\n`}
${setup.length === 0 ? "" : `**Next steps.**\n\n${setup.map((step, index) => `${index + 1}. ${prose(step)}`).join("\n")}\n`}
${fieldTable(Object.entries(fields))}

**Examples**

| Input | The endpoint receives |
| --- | --- |
${examples.map((example) => `| ${cell(example.title)}: ${cell(stepsText(example.steps))} | ${received(example.receives)} |`).join("\n")}`;
}

function created(template: Template): string {
  const { source, watch, endpoint, eventTypes } = template.plan(
    completeConfig(template, exampleValues(template) as KindConfig),
  );
  const origin =
    source === null
      ? `the event types ${eventTypes.map(({ name }) => `\`${name}\``).join(", ")}`
      : `a source of the kind \`${source.kind}\`${"type" in source ? ` and the type \`${source.type}\`` : ""}`;
  const rule = watch === null ? "" : `; a watch that publishes \`${watch.emits}.…\` with the rule below`;
  const names =
    endpoint.eventTypes === null ? "" : ` for ${endpoint.eventTypes.map((name) => `\`${name}\``).join(", ")}`;
  const filter = endpoint.filter === null ? "" : ", with a filter";
  const transformation = endpoint.transformation === null ? "" : " and a transformation";
  const glue =
    endpoint.filter === null && endpoint.transformation !== null ? ", with a transformation" : transformation;
  const text = `${origin}${rule}; and an endpoint${names}${filter}${glue}.`;
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function stepsText(steps: readonly ExampleStep[]): string {
  return steps.map(stepText).join(", ");
}

function stepText(step: ExampleStep): string {
  switch (step.kind) {
    case "publish":
      return `\`${step.eventType}\` ${code(JSON.stringify(step.payload))}`;
    case "request":
      return code(JSON.stringify(step.body));
    case "page":
      return code(step.body);
    case "wait":
      return `${step.minutes} min pass`;
  }
}

const MAX_SHOWN = 110;

function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return `\`${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}\``;
}

function received(types: readonly string[]): string {
  return types.length === 0 ? "nothing" : types.map((type) => `\`${type}\``).join(", ");
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

await writePages(FOLDER, NOTE, pages());
