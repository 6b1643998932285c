import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type DestinationKind = components["schemas"]["DestinationKindOut"];
export type DestinationField = DestinationKind["fields"][number];

/** Name of the form field of a field of the configuration. */
export function inputName(field: string): string {
  return `config.${field}`;
}

export type ConfigValue = string | number | boolean | null;

/**
 * Configuration in the form values. An empty secret is left out, so that a change keeps the one that is stored; other empty fields are
 * `null`, which resets them.
 */
export function toConfig(fields: readonly DestinationField[], values: FormValues): Record<string, ConfigValue> {
  const config: Record<string, ConfigValue> = {};
  for (const field of fields) {
    const text = (values[inputName(field.name)] ?? "").replaceAll("\r\n", "\n");
    if (field.type === "boolean") config[field.name] = text === "on";
    else if (text.trim() !== "") config[field.name] = field.type === "integer" ? Number(text) : valueOf(field, text);
    else if (!field.secret) config[field.name] = null;
  }
  return config;
}

/** White space at the ends of one line is a mistake of copying. */
function valueOf({ multiline = false }: DestinationField, text: string): string {
  return multiline ? text.trimEnd() : text.trim();
}

/** Kinds whose name, summary or group contains each word of the query. */
export function matchingKinds(kinds: readonly DestinationKind[], query: string): readonly DestinationKind[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return kinds.filter(({ kind, title, summary, group }) => {
    const text = `${kind} ${title} ${summary} ${group}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Kinds in their groups, in the order in which groups first appear. */
export function groupedKinds(
  kinds: readonly DestinationKind[],
): readonly (readonly [string, readonly DestinationKind[]])[] {
  return [...Map.groupBy(kinds, ({ group }) => group)];
}

/** Whether messages are cards, which templates change. */
export function hasCard({ fields }: DestinationKind): boolean {
  return ["title", "text", "fields", "link", "severity"].every((name) => fields.some((field) => field.name === name));
}
