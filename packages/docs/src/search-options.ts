/** What the search index has for each section of a page: the build writes it, and the browser reads it with the same options. */
import type { Options } from "minisearch";

/** Fields of a section that results show. */
export interface Found {
  /** Path of the page below the root of the site, with the anchor of the section. */
  readonly url: string;
  readonly page: string;
  readonly heading: string;
  readonly text: string;
}

/** A section in the index. */
export interface SearchRecord extends Found {
  readonly id: number;
}

export const SEARCH_OPTIONS: Options<SearchRecord> = {
  fields: ["page", "heading", "text"],
  storeFields: ["url", "page", "heading", "text"],
  searchOptions: { boost: { page: 4, heading: 3 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
};
