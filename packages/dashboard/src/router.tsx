/** The addresses of both faces. What a reader filters and where they are is in the address, so that it can be kept and shared. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Operator } from "./layout/operator.tsx";
import { Applications } from "./pages/applications.tsx";
import { Home } from "./pages/home.tsx";
import { NotFound } from "./pages/not-found.tsx";

const root = createRootRoute({ notFoundComponent: NotFound });

const operator = createRoute({ getParentRoute: () => root, id: "operator", component: Operator });
const home = createRoute({ getParentRoute: () => operator, path: "/", component: Home });
const applications = createRoute({ getParentRoute: () => operator, path: "/applications", component: Applications });
const application = createRoute({
  getParentRoute: () => operator,
  path: "/applications/$app",
  component: lazyRouteComponent(() => import("./pages/application.tsx"), "ApplicationPage"),
});
const endpoint = createRoute({
  getParentRoute: () => operator,
  path: "/applications/$app/endpoints/$endpoint",
  component: lazyRouteComponent(() => import("./pages/endpoint.tsx"), "EndpointPage"),
});
const message = createRoute({
  getParentRoute: () => operator,
  path: "/applications/$app/messages/$message",
  component: lazyRouteComponent(() => import("./pages/message.tsx"), "MessagePage"),
});
const eventTypes = createRoute({
  getParentRoute: () => operator,
  path: "/event-types",
  component: lazyRouteComponent(() => import("./pages/event-types.tsx"), "EventTypes"),
});
const tasks = createRoute({
  getParentRoute: () => operator,
  path: "/tasks",
  component: lazyRouteComponent(() => import("./pages/tasks.tsx"), "Tasks"),
});

const portal = createRoute({
  getParentRoute: () => root,
  path: "/portal",
  component: lazyRouteComponent(() => import("./layout/portal.tsx"), "Portal"),
});
const portalEndpoints = createRoute({
  getParentRoute: () => portal,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalEndpoints"),
});
const portalMessages = createRoute({
  getParentRoute: () => portal,
  path: "/messages",
  component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalMessages"),
});
const portalEndpoint = createRoute({
  getParentRoute: () => portal,
  path: "/endpoints/$endpoint",
  component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalEndpoint"),
});
const portalMessage = createRoute({
  getParentRoute: () => portal,
  path: "/messages/$message",
  component: lazyRouteComponent(() => import("./pages/portal.tsx"), "PortalMessage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    operator.addChildren([home, applications, application, endpoint, message, eventTypes, tasks]),
    portal.addChildren([portalEndpoints, portalMessages, portalEndpoint, portalMessage]),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
