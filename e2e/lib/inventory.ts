/** The facts of the compatible API: operations with their answers, and models with their fields. Data in `inventory.json`. */
import data from "../inventory.json" with { type: "json" };

export interface Operation {
  readonly resource: string;
  /** Name of the method in the newer SDK. */
  readonly method: string;
  /** Name of the method in the older SDK. */
  readonly v1method: string | null;
  readonly verb: string;
  /** With parameters in braces. */
  readonly path: string;
  /** Part of the core that every server of this API has. */
  readonly core: boolean;
  /** Names of the query parameters that the core takes. */
  readonly query: readonly string[];
  readonly body: string | null;
  /** Model by status; `null` for no body. */
  readonly responses: Readonly<Record<string, string | null>>;
  /** Statuses of documented failures. */
  readonly errors: readonly string[];
}

export interface Model {
  /** `object`, or the form of a value that is none. */
  readonly type: string;
  /** Form of each field, and whether it must be there. */
  readonly fields: Readonly<Record<string, readonly [string, "required" | "optional"]>>;
}

export const OPERATIONS = data.operations as unknown as readonly Operation[];
export const MODELS = data.schemas as unknown as Readonly<Record<string, Model>>;
/** Verb and path of what the SDKs can ask for and Posthorn does not have. */
export const UNSUPPORTED = data.unsupported as unknown as readonly (readonly [string, string])[];

export function keyOf({ resource, method }: Pick<Operation, "resource" | "method">): string {
  return `${resource}.${method}`;
}

/** The operation that a request is for; `null` when it is none of the inventory. Paths without parameters win. */
export function operationOf(verb: string, path: string): Operation | null {
  const parts = path.split("/").filter((part) => part !== "");
  const fitting = OPERATIONS.filter((operation) => operation.verb === verb && fits(operation.path, parts));
  return fitting.sort((a, b) => parameters(a.path) - parameters(b.path))[0] ?? null;
}

function fits(template: string, parts: readonly string[]): boolean {
  const wanted = template.split("/").filter((part) => part !== "");
  return wanted.length === parts.length && wanted.every((part, at) => part.startsWith("{") || part === parts[at]);
}

function parameters(path: string): number {
  return path.split("{").length;
}
