import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, it } from "vitest";
import { de } from "../i18n/de.ts";
import { en } from "../i18n/en.ts";
import { ENDPOINT_HEALTHS, ENDPOINT_STATES } from "./endpoint-filter.ts";
import { DIRECTIONS, MESSAGE_STATES, RANGES } from "./message-filter.ts";
import { REPLAY_STATES } from "./page-search.ts";
import { matchingItems, searchPages, toItem } from "./palette.ts";
import { actionsOn, generalActions } from "./palette-actions.ts";
import { REQUEST_RESULTS } from "./request-filter.ts";
import { READ_STATES } from "./source-kind.ts";
import { foundViewText } from "./view-text.ts";
import { WATCH_STATES } from "./watch.ts";

const links = {
  endpoint: (app: string, endpoint: string) => ({ to: `/${app}/${endpoint}` }) as never,
  message: (app: string, message: string) => ({ to: `/${app}/${message}` }) as never,
};

let t: TFunction;
let german: TFunction;

beforeAll(async () => {
  const i18n = i18next.createInstance();
  await i18n.init({ resources: { en: { translation: en }, de: { translation: de } } });
  t = i18n.getFixedT("en");
  german = i18n.getFixedT("de");
});

it("shows a view with the translated name of its list, and its filters decoded", () => {
  const view = (detail: string) =>
    ({ kind: "view", id: "view_1", uid: null, name: "Mine", detail, appId: null, appName: null }) as const;
  const query = "messages?state=failed&range=24h&q=a%26b+c%3D%C3%BC&colour=red";
  expect(toItem(view(query), links, t).detail).toBe("Messages · a&b c=ü, Failed, Last 24 hours");
  expect(toItem(view(query), links, german).detail).toBe("Nachrichten · a&b c=ü, Fehlgeschlagen, Letzte 24 Stunden");
  expect(toItem(view("endpoints-attention"), links, t).detail).toBe("Endpoints needing attention");
  expect(toItem(view("no-list?x=1"), links, t).detail).toBeNull();
});

it("has the texts of all lists and values of views", () => {
  const queries = [
    ...["24h", "7d", "30d"].map((range) => `audit?range=${range}`),
    ...ENDPOINT_HEALTHS.map((health) => `applications?health=${health}`),
    "applications?endpoints=some",
    ...ENDPOINT_STATES.map((state) => `endpoints?state=${state}`),
    ...ENDPOINT_HEALTHS.map((health) => `endpoints?health=${health}`),
    ...Object.keys(RANGES).flatMap((range) => [`issues?range=${range}`, `messages?range=${range}`]),
    ...MESSAGE_STATES.map((state) => `messages?state=${state}`),
    ...DIRECTIONS.map((direction) => `messages?direction=${direction}`),
    ...REPLAY_STATES.map((status) => `replays?status=${status}`),
    ...REQUEST_RESULTS.map((result) => `requests?result=${result}`),
    ...READ_STATES.map((state) => `sources?state=${state}`),
    ...["active", "disabled"].map((state) => `users?state=${state}`),
    ...WATCH_STATES.map((state) => `watches?state=${state}`),
  ];
  const lists = ["applications", "captures", "endpoints-attention", "event-types", "incidents"];
  for (const list of lists) expect(foundViewText(list, t)).toMatch(/^[A-Z][^._]+$/);
  for (const query of queries) expect(foundViewText(query, t)).toMatch(/^[A-Z][\w ]+ · [^._]+$/);
});

it("shows an endpoint by its description with application and URL, and a URL once", () => {
  const found = { kind: "endpoint", id: "ep_1", uid: null, appId: "app_1", appName: "Acme" } as const;
  const url = "https://acme.example/hook";
  const described = toItem({ ...found, name: "ERP", detail: url }, links, t);
  expect(described).toMatchObject({ name: "ERP", detail: `Acme · ${url}`, link: { to: "/app_1/ep_1" } });
  expect(toItem({ ...found, name: url, detail: url }, links, t).detail).toBe("Acme");
});

it("finds pages by all words, in any case", () => {
  const page = (name: string) => ({ key: name, group: "page", name, detail: null, link: { to: "/" } }) as const;
  const pages = [page("Event types"), page("Live"), page("Audit log")];
  expect(matchingItems(pages, "TYPE ev").map(({ name }) => name)).toEqual(["Event types"]);
  expect(matchingItems(pages, "nothing")).toEqual([]);
});

it("reads pages of a search until there are enough results, also after an empty page", async () => {
  const found = (id: string) =>
    ({ kind: "source", id, uid: null, name: id, detail: null, appId: null, appName: null }) as const;
  const pages = [
    { data: [found("a")], iterator: "1", done: false },
    { data: [], iterator: "2", done: false },
    { data: [found("b"), found("c")], iterator: "3", done: false },
    { data: [found("d")], iterator: null, done: true },
  ];
  const asked: [string | null, number][] = [];
  const search = async (most: number): Promise<string> => {
    asked.length = 0;
    const results = await searchPages((iterator, limit) => {
      asked.push([iterator, limit]);
      return Promise.resolve(pages[Number(iterator ?? "0")]!);
    }, most);
    return results.map(({ id }) => id).join("");
  };
  expect(await search(3)).toBe("abc");
  expect(asked).toEqual([
    [null, 3],
    ["1", 2],
    ["2", 2],
  ]);
  expect(await search(30)).toBe("abcd");
});

it("offers only the actions that the caller may take, on any page and on what was found", () => {
  const all = { ...links, may: () => true };
  expect(generalActions(all, t).map(({ name }) => name)).toEqual([
    "New replay",
    "Replay across applications",
    "New application",
    "New event type",
    "New source",
    "New watch",
    "New alert rule",
    "New API key",
    "Invite user",
  ]);
  const replaysOwn = { may: (_permission: string, app?: string) => app === "anywhere" };
  expect(generalActions(replaysOwn, t).map(({ name }) => name)).toEqual(["New replay", "New watch"]);
  const acme = {
    kind: "application",
    id: "app_1",
    uid: null,
    name: "Acme",
    detail: null,
    appId: null,
    appName: null,
  } as const;
  expect(actionsOn(acme, all, t)).toMatchObject([
    { name: "Publish message", detail: "Acme", link: { params: { app: "app_1" }, state: { dialog: "publish" } } },
    { name: "New endpoint", detail: "Acme", link: { state: { dialog: "new-endpoint" } } },
    { name: "Create portal link", link: { search: { tab: "settings" } } },
  ]);
  const support = {
    ...links,
    may: (permission: string, app?: string) => permission === "messages:replay" && app === "app_1",
  };
  expect(actionsOn(acme, support, t)).toEqual([]);
  const endpoint = { ...acme, kind: "endpoint", id: "ep_1", appId: "app_1" } as const;
  expect(actionsOn(endpoint, support, t).map(({ name }) => name)).toEqual(["Recover", "Send example"]);
  expect(actionsOn({ ...endpoint, appId: "app_2" }, support, t)).toEqual([]);
});
