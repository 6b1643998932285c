/** Maps validation errors of created objects to the fields of the template's form. */
import type { ConfigInput } from "../../fields/config.ts";
import { ValidationError } from "../../lib/errors.ts";

interface Form {
  readonly values: ConfigInput;
  /** The part of the plan that is created. */
  readonly part: object;
}

/** Runs `work`. A validation error names the field of the form with the rejected value. */
export async function describedByForm<T>({ values, part }: Form, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const issues = error.issues.map((issue) => {
      const field = fieldOf(
        values,
        part,
        issue.loc.slice(1).flatMap((name) => name.split(".")),
      );
      return { ...issue, loc: ["body", "values", ...(field === null ? [] : [field])] };
    });
    throw new ValidationError(issues, { code: error.code, cause: error });
  }
}

/** The field whose value is at the path in the part; `null`: none, or more than one. */
function fieldOf(values: ConfigInput, part: object, path: readonly string[]): string | null {
  let value: unknown = part;
  for (const name of path) {
    if (typeof value !== "object" || value === null) break;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof value !== "string" && typeof value !== "number") return null;
  const found = Object.keys(values).filter((name) => String(values[name]) === String(value));
  return found.length === 1 ? found[0]! : null;
}
