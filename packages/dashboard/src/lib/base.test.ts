import { expect, it } from "vitest";
import { isPortalPath } from "./base.ts";

it("a page is one of the portal below the path at which the server is mounted, and in no other place", () => {
  const portal = [
    ["/portal", ""],
    ["/portal/endpoints", ""],
    ["/webhooks/portal", "/webhooks"],
    ["/portal/portal/alerts", "/portal"],
  ] as const;
  const dashboard = [
    ["/", ""],
    ["/portals", ""],
    ["/applications/portal", ""],
    ["/applications/portal/messages", ""],
    ["/portal", "/portal"],
    ["/portal/messages", "/portal"],
  ] as const;
  expect(portal.filter(([path, base]) => !isPortalPath(path, base))).toEqual([]);
  expect(dashboard.filter(([path, base]) => isPortalPath(path, base))).toEqual([]);
});
