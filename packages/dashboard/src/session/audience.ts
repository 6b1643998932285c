/**
 * Audience of the page: operators (dashboard) or customers (portal). Shared parts take their links and permissions from it.
 */
import type { LinkProps } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext } from "react";
import type { components } from "../api/schema.ts";
import type { Permission } from "../lib/caller.ts";

export type Capability = components["schemas"]["PortalOut"]["capabilities"][number];

export interface Audience {
  readonly kind: "operator" | "portal";
  /** Whether the token has a capability. Controls without permission are hidden; the server enforces it in any case. */
  readonly can: (capability: Capability) => boolean;
  /**
   * Whether an operator has a permission in this application, by default the one of the page; `"anywhere"`: in at least one. Customers have
   * capabilities instead, which `can` checks.
   */
  readonly may: (permission: Permission, app?: string) => boolean;
  readonly endpoint: (app: string, endpoint: string) => LinkProps;
  readonly message: (app: string, message: string) => LinkProps;
  readonly attempt: (app: string, message: string, attempt: string) => LinkProps;
  readonly replay: (app: string, replay: string) => LinkProps;
  /** Breadcrumb of a page of this application. */
  readonly crumbs: (app: string, of?: "endpoints" | "messages") => readonly ReactNode[];
}

export const AudienceContext = createContext<Audience | null>(null);

export function useAudience(): Audience {
  const audience = useContext(AudienceContext);
  if (audience === null) throw new Error("useAudience was called outside of an AudienceContext.");
  return audience;
}
