import { expect, it } from "vitest";
import { matchingItems, searchPages, toItem } from "./palette.ts";

const links = {
  endpoint: (app: string, endpoint: string) => ({ to: `/${app}/${endpoint}` }) as never,
  message: (app: string, message: string) => ({ to: `/${app}/${message}` }) as never,
};

it("shows an endpoint by its description with application and URL, and a URL once", () => {
  const found = { kind: "endpoint", id: "ep_1", uid: null, appId: "app_1", appName: "Acme" } as const;
  const url = "https://acme.example/hook";
  const described = toItem({ ...found, name: "ERP", detail: url }, links);
  expect(described).toMatchObject({ name: "ERP", detail: `Acme · ${url}`, link: { to: "/app_1/ep_1" } });
  expect(toItem({ ...found, name: url, detail: url }, links).detail).toBe("Acme");
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
