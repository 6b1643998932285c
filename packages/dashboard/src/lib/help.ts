/** Page of the documentation for each page of the dashboard. */

/** Files below `docs` by the path of the route, with an anchor if the file covers more than this page. */
export const HELP: Readonly<Record<string, string>> = {
  "/": "dashboard.md",
  "/messages": "features/messages.md",
  "/live": "dashboard.md#find-the-right-page",
  "/incidents": "features/incidents.md",
  "/incidents/$incident": "features/incidents.md",
  "/issues": "features/attempts.md",
  "/endpoints": "dashboard.md#find-an-endpoint",
  "/endpoints/attention": "features/circuit-breaker.md",
  "/applications": "guides/add-webhooks-to-your-product.md",
  "/applications/$app": "guides/add-webhooks-to-your-product.md",
  "/applications/$app/endpoints/$endpoint": "features/policies.md",
  "/applications/$app/messages/$message": "delivery.md",
  "/applications/$app/messages/$message/attempts/$attempt": "features/attempts.md",
  "/event-types": "guides/add-webhooks-to-your-product.md#name-your-events",
  "/event-types/$name": "guides/add-webhooks-to-your-product.md#name-your-events",
  "/sources": "receiving.md",
  "/sources/tables": "tables.md",
  "/sources/$source": "receiving.md",
  "/sources/$source/quarantine/$request": "receiving.md",
  "/watches": "features/watches.md",
  "/watches/new": "features/watches.md",
  "/watches/$app/$watch": "features/watches.md",
  "/templates": "templates/README.md",
  "/templates/$template": "templates/README.md",
  "/capture": "capture.md",
  "/capture/$source": "capture.md",
  "/audit": "features/audit.md",
  "/replays": "features/replay.md",
  "/replays/new": "features/replay.md",
  "/replays/across": "features/replay.md",
  "/replays/all/$replay": "features/replay.md",
  "/replays/$app/$replay": "features/replay.md",
  "/cluster": "features/nodes.md",
  "/settings": "configuration.md",
  "/users": "operations/users.md",
  "/profile": "operations/users.md",
  "/device": "operations/users.md",
  "/connect": "features/mcp.md",
  "/shortcuts": "dashboard.md",
  "/reference": "api.md",
};

/** As {@link HELP}, by the tab of the settings. Other tabs link to the page about settings. */
export const SETTINGS_HELP: Readonly<Record<string, string>> = {
  keys: "access.md#api-keys",
  organisations: "access.md#organisations",
  signIn: "operations/single-sign-on.md",
  privacy: "features/erasure.md",
  redaction: "features/redaction.md",
  storage: "features/retention.md",
  egress: "egress.md",
  webhooks: "features/operational-webhooks.md",
  alerts: "features/alerts.md",
  agents: "features/mcp.md",
  portal: "portal.md#match-your-brand",
  requests: "features/request-log.md",
};

/**
 * Address of the documentation for a page; `null` when this server does not serve the documentation.
 *
 * @param route Path of the route, such as `/replays/$app/$replay`.
 * @param root Address of the documentation, such as `/docs`; `null`: there is none.
 * @param tab Tab of the settings.
 * @example
 * helpUrl("/audit", "/docs"); // "/docs/features/audit"
 */
export function helpUrl(route: string, root: string | null, tab = "keys"): string | null {
  if (root === null) return null;
  const place = (route === "/settings" ? SETTINGS_HELP[tab] : undefined) ?? HELP[route] ?? "";
  const [file = "", anchor] = place.split("#");
  // As in `slugOf` of packages/docs: the README of a folder is at `overview`, and the API reference of the server at `/docs/api`.
  const page = file
    .replace(/README\.md$/, "overview")
    .replace(/^api\.md$/, "http-api")
    .replace(/\.md$/, "");
  return `${root}/${page}${anchor === undefined ? "" : `#${anchor}`}`;
}
