import type { components } from "../api/schema.ts";
import type { FormValues } from "../components/form.tsx";

export type DestinationKind = components["schemas"]["DestinationKindOut"];
export type DestinationField = DestinationKind["fields"][number];

/** Name of the form field of a field of the configuration. */
export function inputName(field: string): string {
  return `config.${field}`;
}

export type ConfigValue = string | number | boolean | null;

/** The properties of a field that the form needs. */
type FormField = Pick<DestinationField, "name" | "type" | "secret"> & { readonly multiline?: boolean };

/** Name of the checkbox that removes a stored secret. */
export function removalName(field: string): string {
  return `remove.${field}`;
}

/**
 * Builds the configuration from the form values. An empty secret is left out, which keeps the stored one, unless the form removes it; other
 * empty fields are `null`, which resets them.
 */
export function toConfig(fields: readonly FormField[], values: FormValues): Record<string, ConfigValue> {
  const config: Record<string, ConfigValue> = {};
  for (const field of fields) {
    const text = (values[inputName(field.name)] ?? "").replaceAll("\r\n", "\n");
    if (field.type === "boolean") config[field.name] = text === "on";
    else if (text.trim() !== "") config[field.name] = field.type === "integer" ? Number(text) : valueOf(field, text);
    else if (!field.secret || values[removalName(field.name)] === "on") config[field.name] = null;
  }
  return config;
}

/**
 * The first field that decides where secrets are sent and that the form changes. The server then requires all secrets again.
 *
 * @param stored Configuration without secrets.
 */
export function changedTarget<F extends FormField & Pick<DestinationField, "isTarget" | "default">>(
  fields: readonly F[],
  stored: Readonly<Record<string, unknown>>,
  values: FormValues,
): F | null {
  const config = toConfig(fields, values);
  return (
    fields.find(
      ({ name, isTarget, secret, default: fallback }) =>
        // A secret target field is in the form only when a new value was typed.
        isTarget &&
        (secret ? typeof config[name] === "string" : (config[name] ?? fallback) !== (stored[name] ?? fallback)),
    ) ?? null
  );
}

/** White space around a single line is a copying mistake. */
function valueOf({ multiline = false }: FormField, text: string): string {
  return multiline ? text.trimEnd() : text.trim();
}

/** Kinds whose names, summaries or group contain each word of the query. */
export function matchingKinds<K extends { readonly searched: string; readonly group: string }>(
  kinds: readonly K[],
  query: string,
  groupName: (group: string) => string,
): readonly K[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return kinds.filter(({ searched, group }) => {
    const text = `${searched} ${group} ${groupName(group).toLowerCase()}`;
    return words.every((word) => text.includes(word));
  });
}

/** Kinds in their groups, in the order in which groups first appear. */
export function groupedKinds<K extends { readonly group: string }>(
  kinds: readonly K[],
): readonly (readonly [string, readonly K[]])[] {
  return [...Map.groupBy(kinds, ({ group }) => group)];
}

/** Where a kind sends, for titles and lists, without the scheme and hidden parts at the end. Empty for kinds without a target. */
export function targetName(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:(?:\/\/)?/i, "").replace(/(?:\/\**)+$/, "");
}

/** Whether messages are cards, which templates change. */
export function hasCard({ fields }: { readonly fields: readonly { readonly name: string }[] }): boolean {
  return ["title", "text", "fields", "link", "severity"].every((name) => fields.some((field) => field.name === name));
}
