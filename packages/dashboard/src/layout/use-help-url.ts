import { useRouterState } from "@tanstack/react-router";
import { docsPath } from "../lib/base.ts";
import { helpUrl } from "../lib/help.ts";

/** Address of the documentation for the current page; `null` when this server does not serve the documentation. */
export function useHelpUrl(): string | null {
  const route = useRouterState({ select: ({ matches }) => matches.at(-1)?.fullPath ?? "/" });
  const tab = useRouterState({ select: ({ location }) => (location.search as { readonly tab?: string }).tab });
  return helpUrl(route === "/" ? route : route.replace(/\/$/, ""), docsPath(), tab);
}
