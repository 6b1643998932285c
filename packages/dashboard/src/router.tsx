/** Routes of dashboard and portal. Filters and tabs are search parameters, so that every view can be bookmarked and shared. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Starting } from "./components/starting.tsx";
import { Loading } from "./components/state.tsx";
import { loadTexts } from "./i18n/i18n.ts";
import { Operator } from "./layout/operator.tsx";
import { basePath } from "./lib/base.ts";
import { toAuditFilter } from "./lib/audit-filter.ts";
import { toMessageFilter } from "./lib/message-filter.ts";
import {
  applicationSearch,
  applicationsSearch,
  capturesSearch,
  endpointPageSearch,
  eventTypesSearch,
  incidentSearch,
  incidentsSearch,
  liveSearch,
  problemSearch,
  rangeSearch,
  replaySearch,
  replaysSearch,
  type Search,
  settingsSearch,
  sourceSearch,
  sourcesSearch,
  usersSearch,
  watchesSearch,
  watchSearch,
  windowSearch,
} from "./lib/page-search.ts";
import { toEndpointFilter } from "./lib/endpoint-filter.ts";
import { Home } from "./pages/home.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { PageFault } from "./pages/page-fault.tsx";

const root = createRootRoute({
  beforeLoad: ({ location: { pathname } }) =>
    pathname.slice(basePath().length) === "/" || pathname === "/" ? null : loadTexts(),
  notFoundComponent: NotFound,
  errorComponent: PageFault,
  pendingComponent: Starting,
});

const operator = createRoute({ getParentRoute: () => root, id: "operator", component: Operator });
const operatorPages = [
  createRoute({ getParentRoute: () => operator, path: "/", component: Home, validateSearch: windowSearch }),
  createRoute({
    getParentRoute: () => operator,
    path: "/messages",
    validateSearch: toMessageFilter,
    component: lazyRouteComponent(() => import("./pages/messages.tsx"), "Messages"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/live",
    validateSearch: liveSearch,
    component: lazyRouteComponent(() => import("./pages/live.tsx"), "Live"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/incidents",
    validateSearch: incidentsSearch,
    component: lazyRouteComponent(() => import("./pages/incidents.tsx"), "Incidents"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/incidents/$incident",
    component: lazyRouteComponent(() => import("./pages/incident.tsx"), "IncidentPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/replays/across",
    validateSearch: incidentSearch,
    component: lazyRouteComponent(() => import("./pages/new-across-replay.tsx"), "NewAcrossReplay"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/issues",
    validateSearch: rangeSearch,
    component: lazyRouteComponent(() => import("./pages/issues.tsx"), "Issues"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/endpoints",
    validateSearch: toEndpointFilter,
    component: lazyRouteComponent(() => import("./pages/endpoints.tsx"), "Endpoints"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/endpoints/attention",
    validateSearch: problemSearch,
    component: lazyRouteComponent(() => import("./pages/endpoints-needing-attention.tsx"), "EndpointsNeedingAttention"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/applications",
    validateSearch: applicationsSearch,
    component: lazyRouteComponent(() => import("./pages/applications.tsx"), "Applications"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/applications/$app",
    validateSearch: applicationSearch,
    component: lazyRouteComponent(() => import("./pages/application.tsx"), "ApplicationPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/applications/$app/endpoints/$endpoint",
    validateSearch: endpointPageSearch,
    component: lazyRouteComponent(() => import("./pages/endpoint.tsx"), "EndpointPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/applications/$app/messages/$message",
    component: lazyRouteComponent(() => import("./pages/message.tsx"), "MessagePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/applications/$app/messages/$message/attempts/$attempt",
    component: lazyRouteComponent(() => import("./pages/message.tsx"), "AttemptPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/event-types",
    validateSearch: eventTypesSearch,
    component: lazyRouteComponent(() => import("./pages/event-types.tsx"), "EventTypes"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/event-types/$name",
    component: lazyRouteComponent(() => import("./pages/event-type.tsx"), "EventTypePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/sources",
    validateSearch: sourcesSearch,
    component: lazyRouteComponent(() => import("./pages/sources.tsx"), "Sources"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/sources/tables",
    component: lazyRouteComponent(() => import("./pages/table-sources.tsx"), "TableSources"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/sources/$source",
    validateSearch: sourceSearch,
    component: lazyRouteComponent(() => import("./pages/source.tsx"), "SourcePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/sources/$source/quarantine/$request",
    component: lazyRouteComponent(() => import("./pages/quarantined.tsx"), "QuarantinedPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/watches",
    validateSearch: watchesSearch,
    component: lazyRouteComponent(() => import("./pages/watches.tsx"), "Watches"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/watches/new",
    validateSearch: ({ app }: Search) => (typeof app === "string" ? { app } : {}),
    component: lazyRouteComponent(() => import("./pages/new-watch.tsx"), "NewWatch"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/watches/$app/$watch",
    validateSearch: watchSearch,
    component: lazyRouteComponent(() => import("./pages/watch.tsx"), "WatchPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/templates",
    component: lazyRouteComponent(() => import("./pages/templates.tsx"), "Templates"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/templates/$template",
    component: lazyRouteComponent(() => import("./pages/template.tsx"), "TemplatePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/capture",
    validateSearch: capturesSearch,
    component: lazyRouteComponent(() => import("./pages/captures.tsx"), "Captures"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/capture/$source",
    validateSearch: ({ request }: Search) => (typeof request === "string" ? { request } : {}),
    component: lazyRouteComponent(() => import("./pages/capture.tsx"), "CapturePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/audit",
    validateSearch: toAuditFilter,
    component: lazyRouteComponent(() => import("./pages/audit.tsx"), "AuditLog"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/replays",
    validateSearch: replaysSearch,
    component: lazyRouteComponent(() => import("./pages/replays.tsx"), "Replays"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/replays/new",
    validateSearch: replaySearch,
    component: lazyRouteComponent(() => import("./pages/new-replay.tsx"), "NewReplay"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/replays/all/$replay",
    component: lazyRouteComponent(() => import("./pages/replay.tsx"), "AcrossReplayPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/replays/$app/$replay",
    component: lazyRouteComponent(() => import("./pages/replay.tsx"), "ReplayPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/cluster",
    component: lazyRouteComponent(() => import("./pages/cluster.tsx"), "ClusterPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/settings",
    validateSearch: settingsSearch,
    component: lazyRouteComponent(() => import("./pages/settings.tsx"), "Settings"),
  }),
  // Redirect target of identity providers. Without a session, the sign-in page is shown at any path.
  createRoute({
    getParentRoute: () => operator,
    path: "/sign-in",
    beforeLoad: () => {
      throw redirect({ to: "/", replace: true });
    },
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/users",
    validateSearch: usersSearch,
    component: lazyRouteComponent(() => import("./pages/users.tsx"), "UsersPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/profile",
    component: lazyRouteComponent(() => import("./pages/profile.tsx"), "ProfilePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/device",
    validateSearch: ({ code }: Search) =>
      typeof code === "string" || typeof code === "number" ? { code: String(code) } : {},
    component: lazyRouteComponent(() => import("./pages/device.tsx"), "DevicePage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/connect",
    // The client's query as one string, so that the router does not change it.
    validateSearch: ({ request }: Search) => (typeof request === "string" ? { request } : {}),
    component: lazyRouteComponent(() => import("./pages/connect.tsx"), "ConnectPage"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/shortcuts",
    component: lazyRouteComponent(() => import("./pages/shortcuts.tsx"), "Shortcuts"),
  }),
  createRoute({
    getParentRoute: () => operator,
    path: "/reference",
    validateSearch: ({ operation }: Search) => (typeof operation === "string" ? { operation } : {}),
    component: lazyRouteComponent(() => import("./pages/api-reference.tsx"), "ApiReference"),
  }),
  // Any other path, within the shell.
  createRoute({ getParentRoute: () => operator, path: "/$", component: NotFound }),
] as const;

/** Pages of links, for people who are not signed in yet. */
const linkPages = [
  createRoute({
    getParentRoute: () => root,
    path: "/setup",
    component: lazyRouteComponent(() => import("./pages/setup.tsx"), "SetupPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/invitation",
    component: lazyRouteComponent(() => import("./pages/invitation.tsx"), "InvitationPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/reset",
    component: lazyRouteComponent(() => import("./pages/reset.tsx"), "ResetPage"),
  }),
] as const;

const portal = createRoute({
  getParentRoute: () => root,
  path: "/portal",
  component: lazyRouteComponent(() => import("./layout/portal.tsx"), "Portal"),
});
const portalPages = [
  createRoute({
    getParentRoute: () => portal,
    path: "/",
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalEndpoints"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/messages",
    validateSearch: toMessageFilter,
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalMessages"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/event-types",
    component: lazyRouteComponent(() => import("./pages/portal-catalogue.tsx"), "PortalCatalogue"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/event-types/$name",
    component: lazyRouteComponent(() => import("./pages/portal-catalogue.tsx"), "PortalEventType"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/signing",
    component: lazyRouteComponent(() => import("./pages/portal-signing.tsx"), "PortalSigning"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/feed",
    component: lazyRouteComponent(() => import("./pages/portal-feed.tsx"), "PortalFeed"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/alerts",
    component: lazyRouteComponent(() => import("./pages/portal-alerts.tsx"), "PortalAlerts"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/agents",
    component: lazyRouteComponent(() => import("./pages/portal-agents.tsx"), "PortalAgents"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/replays/$replay",
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalReplay"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/endpoints/$endpoint",
    validateSearch: endpointPageSearch,
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalEndpoint"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/messages/$message",
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalMessage"),
  }),
  createRoute({
    getParentRoute: () => portal,
    path: "/messages/$message/attempts/$attempt",
    component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalAttempt"),
  }),
  createRoute({ getParentRoute: () => portal, path: "/$", component: NotFound }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([operator.addChildren(operatorPages), portal.addChildren(portalPages), ...linkPages]),
  ...(basePath() === "" ? {} : { basepath: basePath() }),
  defaultErrorComponent: PageFault,
  defaultPreload: "intent",
  // On a slow connection, the frame stays and the page shows that it is loading.
  defaultPendingComponent: Loading,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
