/** The form of a case: one operation of the inventory, how it succeeds, which access it requires, and how it fails. */
import type { Scene } from "./scene.ts";

export type Args = readonly unknown[];

export interface OperationCase {
  /** Arguments of a call that succeeds. */
  args(scene: Scene): Args | Promise<Args>;
  // A response of either SDK; the test fails when it has another form.
  // oxlint-disable-next-line typescript/no-explicit-any
  check?(response: any, scene: Scene): void | Promise<void>;
  /** Access that the operation requires: a capability of an application token, a token of the organisation, or no token. */
  readonly needs: "no token" | "any token" | "organisation" | Capability;
  /** Not related to an application, so that a token of another one works as well. */
  readonly global?: true;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly title: string;
  readonly status: number;
  args(scene: Scene): Args | Promise<Args>;
  /** Stable code of the error, or for 422 the type of its first issue. */
  readonly code: string;
}

export const CAPABILITIES = [
  "ViewBase",
  "ViewEndpointSecret",
  "ManageEndpointSecret",
  "ManageTransformations",
  "CreateAttempts",
  "ManageEndpoint",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

export type Cases = Readonly<Record<string, OperationCase>>;

const NOWHERE = "no-such-thing";

/** The failure of an unknown application, endpoint, message or attempt at one position of the arguments. */
export function unknownAt(position: number, args: OperationCase["args"]): Failure {
  return {
    title: `an unknown ${["application", "parent", "child"][position] ?? "id"}`,
    status: 404,
    code: "not_found",
    args: async (scene) => (await args(scene)).with(position, NOWHERE),
  };
}
