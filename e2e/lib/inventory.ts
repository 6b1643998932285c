/** The facts of the compatible API: operations with their responses, and models with their fields. Data in `inventory.json`. */
import data from "../inventory.json" with { type: "json" };

export interface Operation {
  readonly resource: string;
  /** Name of the method in the newer SDK. */
  readonly method: string;
  /** Name of the method in the older SDK. */
  readonly v1method: string | null;
  /** Only classes inside the SDK call it, such as `AutoConfigConsumer`; there is no public method. */
  readonly internal?: true;
  readonly verb: string;
  /** With parameters in braces. */
  readonly path: string;
  /** Whether it belongs to the core that every server of this API has. */
  readonly core: boolean;
  /** Names of the query parameters in the core. */
  readonly query: readonly string[];
  readonly body: string | null;
  /** Model by status; `null` for no body. */
  readonly responses: Readonly<Record<string, string | null>>;
  /** Status codes of documented failures. */
  readonly errors: readonly string[];
}

export interface Model {
  /** `object`, or the type of a value that is not an object. */
  readonly type: string;
  /** Type of each field, and whether it is required. */
  readonly fields: Readonly<Record<string, readonly [string, "required" | "optional"]>>;
}

export const OPERATIONS = data.operations as unknown as readonly Operation[];
export const MODELS = data.schemas as unknown as Readonly<Record<string, Model>>;
/** Method and path of operations of the SDKs that Posthorn does not have. */
export const UNSUPPORTED = data.unsupported as unknown as readonly (readonly [string, string])[];

export function keyOf({ resource, method }: Pick<Operation, "resource" | "method">): string {
  return `${resource}.${method}`;
}

/** The operation of a request; `null` if it is not in the inventory. Paths without parameters take precedence. */
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
