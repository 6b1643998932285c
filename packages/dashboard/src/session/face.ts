/**
 * Which face of the page this is: the dashboard of an operator or the portal of a customer. Parts that both use ask it where their
 * links lead, and what may be done.
 */
import type { LinkProps } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext } from "react";
import type { components } from "../api/schema.ts";

export type Capability = components["schemas"]["PortalOut"]["capabilities"][number];

export interface Face {
  readonly kind: "operator" | "portal";
  /** Whether the token may. What may not be done is not offered; the server refuses it all the same. */
  readonly can: (capability: Capability) => boolean;
  readonly endpoint: (app: string, endpoint: string) => LinkProps;
  readonly message: (app: string, message: string) => LinkProps;
  readonly attempt: (app: string, message: string, attempt: string) => LinkProps;
  readonly replay: (app: string, replay: string) => LinkProps;
  /** What stands above a page of this application. */
  readonly crumbs: (app: string, of?: "endpoints" | "messages") => readonly ReactNode[];
}

export const FaceContext = createContext<Face | null>(null);

export function useFace(): Face {
  const face = useContext(FaceContext);
  if (face === null) throw new Error("A part stands outside of both faces.");
  return face;
}
