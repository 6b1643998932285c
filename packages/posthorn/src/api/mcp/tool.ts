/** Declaration of a tool: which operations of the API it offers, and which of their parameters. It has no rules of its own. */

/** Which MCP endpoint has an action: that of the organisation, those of applications, or both. */
export type Audience = "organisation" | "application" | "both";

export interface ToolAction {
  /** Operation of the API that the action calls. */
  readonly operation: string;
  readonly summary: string;
  /** Default: `both`. */
  readonly audience?: Audience;
  /** Query parameters of the operation that can be set. Those for paging are always included. */
  readonly query?: readonly string[];
  /** Query parameters with a fixed value, or a default for those that can be set. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Fields of the body that can be set. */
  readonly body?: readonly string[];
  /** For writes: operation with the same parameters that a dry run calls, which changes nothing. */
  readonly preview?: string;
}

export interface ToolDeclaration {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Tools that read never write. Clients grant permissions by the name of a tool. */
  readonly kind: "read" | "write";
  /** By name. A tool with one action has no parameter `action`. */
  readonly actions: Readonly<Record<string, ToolAction>>;
}
