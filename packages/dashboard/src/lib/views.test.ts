import { describe, expect, it } from "vitest";
import {
  currentView,
  filtersOf,
  linkOfFoundView,
  readView,
  type SavedView,
  searchesPayloads,
  viewLink,
  viewQuery,
  viewsWithin,
} from "./views.ts";

const view = (id: string, query: string): SavedView => ({
  id,
  list: "messages",
  name: id,
  query,
  shared: false,
  owner: { kind: "token", id: null, name: null },
  own: true,
  mayChange: true,
  default: false,
  createdAt: "2026-11-29T00:00:00Z",
  updatedAt: "2026-11-29T00:00:00Z",
});

describe("a view", () => {
  it("holds the filters of the page in one order, without those that are not set", () => {
    expect(viewQuery({ state: "failed", q: "a b&c", app: undefined })).toBe("q=a+b%26c&state=failed");
    expect(viewQuery({})).toBe("");
  });

  it("keeps its filters through saving and reading", () => {
    const filter = { q: '"order":1001', range: "24h", state: "failed" };
    expect(readView("messages", viewQuery(filter))).toEqual({ filter, ignored: [] });
  });

  it("is read without filters that the list does not know, or whose values are no longer valid, and names them", () => {
    const query = "state=exploded&colour=red&range=24h";
    expect(readView("messages", query)).toEqual({ filter: { range: "24h" }, ignored: ["state", "colour"] });
    expect(readView("endpoints", "health=failing&host=%20")).toEqual({
      filter: { health: "failing" },
      ignored: ["host"],
    });
  });

  it("searches in payloads only if it is a view of the message list with a search text", () => {
    expect(searchesPayloads("messages", "range=1h&q=ada")).toBe(true);
    expect(searchesPayloads("messages", "range=1h&type=q%3D1")).toBe(false);
    expect(searchesPayloads("applications", "q=ada")).toBe(false);
  });

  it("reports no default order as ignored", () => {
    expect(readView("applications", "order=descending")).toEqual({ filter: {}, ignored: [] });
  });

  it("opens its list", () => {
    expect(viewLink("requests", "result=client_error")).toEqual({
      to: "/settings",
      search: { tab: "requests", result: "client_error" },
    });
    expect(linkOfFoundView("messages?state=failed")).toEqual({ to: "/messages", search: { state: "failed" } });
    expect(linkOfFoundView("users")).toEqual({ to: "/users", search: {} });
    expect(linkOfFoundView("constructor?x=1")).toBeNull();
  });
});

describe("a view of a list that belongs to an object", () => {
  const forged = "reason=signature_mismatch&source=src_1";

  it("opens the page of the object with the other filters, and without the object a page to choose one on", () => {
    expect(viewLink("quarantine", forged)).toEqual({
      to: "/sources/$source",
      params: { source: "src_1" },
      search: { tab: "quarantine", reason: "signature_mismatch" },
    });
    expect(viewLink("attempts", "app=shop&endpoint=ep_1&response=5xx")).toEqual({
      to: "/applications/$app/endpoints/$endpoint",
      params: { app: "shop", endpoint: "ep_1" },
      search: { tab: "attempts", response: "5xx" },
    });
    expect(viewLink("quarantine", "reason=signature_mismatch")).toEqual({ to: "/sources" });
    expect(viewLink("listeners", "app=shop&search=laptop")).toEqual({ to: "/endpoints" });
  });

  it("is shown with this object only", () => {
    const all = [view("here", forged), view("there", "source=src_2"), view("nowhere", "reason=signature_mismatch")];
    expect(viewsWithin(all, "quarantine", { source: "src_1" }).map(({ id }) => id)).toEqual(["here"]);
    expect(viewsWithin(all, "quarantine", {})).toHaveLength(3);
  });

  it("names its filters without the object", () => {
    expect(filtersOf("quarantine", { reason: "replayed", source: "src_1" })).toEqual({ reason: "replayed" });
    expect(filtersOf("messages", { app: "shop" })).toEqual({ app: "shop" });
  });
});

describe("the current view", () => {
  const views = [
    view("failed", "state=failed&range=24h"),
    view("same", "range=24h&state=failed"),
    view("held", "state=held"),
  ];

  it("is the one with the filters of the page, in any order, and the opened one among several", () => {
    const filter = { range: "24h", state: "failed" };
    expect(currentView(views, "messages", filter, null)).toEqual({ view: views[0], isChanged: false });
    expect(currentView(views, "messages", filter, "same")).toEqual({ view: views[1], isChanged: false });
  });

  it("is one of the reader's own among several, unless another was opened", () => {
    const shared = { ...view("shared", "state=failed"), own: false, shared: true };
    const all = [shared, view("copy", "state=failed")];
    expect(currentView(all, "messages", { state: "failed" }, null)?.view.id).toBe("copy");
    expect(currentView(all, "messages", { state: "failed" }, "shared")?.view.id).toBe("shared");
    expect(currentView([shared], "messages", { state: "failed" }, null)?.view.id).toBe("shared");
  });

  it("is the opened one, with changes, after the reader changed a filter", () => {
    expect(currentView(views, "messages", { state: "pending" }, "held")).toEqual({ view: views[2], isChanged: true });
  });

  it("does not exist if none was opened, or after the reader removed all filters", () => {
    expect(currentView(views, "messages", { state: "pending" }, null)).toBeNull();
    expect(currentView(views, "messages", {}, "held")).toBeNull();
  });

  it("is found although some of its filters are outdated", () => {
    const outdated = view("outdated", "state=failed&colour=red");
    expect(currentView([outdated], "messages", { state: "failed" }, null)).toEqual({
      view: outdated,
      isChanged: false,
    });
  });
});
