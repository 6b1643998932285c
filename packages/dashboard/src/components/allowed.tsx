import type { ReactNode } from "react";
import { useAudience } from "../session/audience.ts";
import type { Permission } from "../lib/caller.ts";

export interface Needs {
  /** Permission without which an operator does not see the control. Customers have capabilities instead: see `Audience`. */
  readonly needs?: Permission | undefined;
  /** Application that the control is for; default: the one of the page. `"anywhere"`: at least one application. */
  readonly needsIn?: string | undefined;
}

export interface AllowedProps {
  readonly to: Permission;
  readonly app?: string | undefined;
  /** What is shown instead; default: nothing. */
  readonly otherwise?: ReactNode;
  readonly children: ReactNode;
}

/** Shows its content only to callers with a permission. The server enforces it in any case. */
export function Allowed({ to, app, otherwise = null, children }: AllowedProps) {
  return useAudience().may(to, app) ? children : otherwise;
}
