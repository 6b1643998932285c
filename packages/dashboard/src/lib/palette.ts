/** Results of the search over everything: links to objects, pages and actions. */
import type { LinkProps } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import type { components } from "../api/schema.ts";
import type { Audience } from "../session/audience.ts";
import { foundViewText } from "./view-text.ts";
import { linkOfFoundView } from "./views.ts";

export type FoundObject = components["schemas"]["FoundObjectOut"];

interface Item {
  readonly key: string;
  readonly group: FoundObject["kind"] | "page" | "action";
  readonly name: string;
  /** Second line: where it is, or what it is. */
  readonly detail: string | null;
}

export interface LinkItem extends Item {
  readonly link: LinkProps;
}

/** An action of the current page: its button. */
export interface ButtonItem extends Item {
  readonly press: () => void;
}

export type PaletteItem = LinkItem | ButtonItem;

export type Links = Pick<Audience, "endpoint" | "message">;

/** The page of an object. */
export function linkOf({ kind, id, appId, detail }: FoundObject, { endpoint, message }: Links): LinkProps {
  switch (kind) {
    case "application":
      return { to: "/applications/$app", params: { app: id } };
    case "endpoint":
      return endpoint(appId ?? "", id);
    case "source":
      return { to: "/sources/$source", params: { source: id } };
    case "event_type":
      return { to: "/event-types/$name", params: { name: id } };
    case "message":
      return message(appId ?? "", id);
    case "view":
      // A list that only newer servers have.
      return linkOfFoundView(detail ?? "") ?? { to: "/" };
  }
}

/** An object as a result. */
export function toItem(found: FoundObject, links: Links, t: TFunction): LinkItem {
  const { kind, id, uid, name, detail, appName } = found;
  if (kind === "view") {
    const text = detail === null ? null : foundViewText(detail, t);
    return { key: `${kind} ${id}`, group: kind, name, detail: text, link: linkOf(found, links) };
  }
  const parts = [appName, detail === name ? null : detail, kind === "message" ? id : uid];
  const more = parts.filter((part) => part !== null && part !== "").join(" · ");
  return { key: `${kind} ${id}`, group: kind, name, detail: more === "" ? null : more, link: linkOf(found, links) };
}

type SearchPage = components["schemas"]["SearchOut"];

/**
 * Reads pages of a search until there are enough results. The server scans a limited number of objects for each page, including those of other
 * organisations, so a page without results is not necessarily the last.
 *
 * @param read Reads the page after this iterator; `null`: the first.
 */
export async function searchPages(
  read: (iterator: string | null, limit: number) => Promise<SearchPage>,
  most: number,
): Promise<readonly FoundObject[]> {
  const found: FoundObject[] = [];
  let iterator: string | null = null;
  do {
    const page = await read(iterator, most - found.length);
    found.push(...page.data);
    iterator = page.done ? null : page.iterator;
  } while (iterator !== null && found.length < most);
  return found;
}

/** The items whose name contains all words, in any case. */
export function matchingItems(items: readonly PaletteItem[], query: string): readonly PaletteItem[] {
  const words = query.toLowerCase().split(/\s+/);
  return items.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}
