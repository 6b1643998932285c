/** Search over all pages, in the browser: the index is a file of the site, so it works without a network. */
import MiniSearch, { type SearchResult } from "minisearch";
import { type Found, SEARCH_OPTIONS } from "../search-options.ts";

const MAX_RESULTS = 20;
const EXCERPT = 140;

type Hit = SearchResult & Found;

/** Loaded when the search is first opened. */
let index: Promise<MiniSearch> | null = null;

export function connectSearch(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>("[data-search]");
  if (buttons.length === 0) return;
  const search = new SearchDialog();
  for (const button of buttons) button.addEventListener("click", () => search.open());
  document.addEventListener("keydown", (event) => {
    const isShortcut = event.key === "/" || (event.key === "k" && (event.metaKey || event.ctrlKey));
    if (!isShortcut || isTyping(event.target)) return;
    event.preventDefault();
    search.open();
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked !== null) search.open(asked);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function rootUrl(): URL {
  return new URL(document.documentElement.dataset["root"] ?? "./", location.href);
}

async function loadIndex(): Promise<MiniSearch> {
  const response = await fetch(new URL("search.json", rootUrl()));
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return MiniSearch.loadJSON(await response.text(), SEARCH_OPTIONS);
}

/** Dialog with a combobox and its list of results, as described by the ARIA authoring practices. */
class SearchDialog {
  readonly #dialog = document.createElement("dialog");
  readonly #input = document.createElement("input");
  readonly #list = document.createElement("div");
  readonly #status = document.createElement("p");
  #active = -1;

  constructor() {
    this.#dialog.className = "search";
    this.#dialog.setAttribute("aria-label", "Search the documentation");
    Object.assign(this.#input, { type: "search", placeholder: "Search the documentation", autocomplete: "off" });
    this.#input.setAttribute("role", "combobox");
    this.#input.setAttribute("aria-label", "Search the documentation");
    this.#input.setAttribute("aria-controls", "search-results");
    this.#input.setAttribute("aria-expanded", "false");
    Object.assign(this.#list, { id: "search-results", role: "listbox", ariaLabel: "Results" });
    this.#status.setAttribute("role", "status");
    this.#dialog.append(this.#input, this.#status, this.#list);
    document.body.append(this.#dialog);
    this.#input.addEventListener("input", () => void this.#search());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    // A click on the backdrop has the dialog itself as its target.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  open(text?: string): void {
    if (!this.#dialog.open) this.#dialog.showModal();
    if (text !== undefined) this.#input.value = text;
    this.#input.select();
    void this.#search();
  }

  async #search(): Promise<void> {
    const text = this.#input.value.trim();
    try {
      index ??= loadIndex();
      const loaded = await index;
      // The reader kept typing while the index was loading.
      if (text !== this.#input.value.trim()) return;
      this.#show(text, text === "" ? [] : (loaded.search(text).slice(0, MAX_RESULTS) as Hit[]));
    } catch (error) {
      index = null;
      this.#status.textContent = `The search index could not be loaded (${(error as Error).message}). Try again.`;
    }
  }

  #show(text: string, hits: readonly Hit[]): void {
    this.#list.replaceChildren(...hits.map((hit, place) => resultItem(hit, place)));
    this.#input.setAttribute("aria-expanded", String(hits.length > 0));
    const count =
      hits.length === 1 ? "1 result" : `${hits.length === MAX_RESULTS ? "First " : ""}${hits.length} results`;
    this.#status.textContent =
      text === "" ? "Type to search all pages." : hits.length === 0 ? `Nothing found for “${text}”.` : count;
    this.#activate(hits.length === 0 ? -1 : 0);
  }

  #activate(place: number): void {
    const items = [...this.#list.children];
    items[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = place;
    const item = items[place];
    if (item === undefined) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", item.id);
  }

  #onKey(event: KeyboardEvent): void {
    const count = this.#list.children.length;
    if (event.key === "Enter") {
      (this.#list.children[this.#active] as HTMLElement | undefined)?.click();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count > 0) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#activate((this.#active + step + count) % count);
    } else if (event.key === "Escape") {
      // In a search field, the first Escape would only clear the text.
      this.#dialog.close();
    } else return;
    event.preventDefault();
  }
}

function resultItem({ url, page, heading, text, terms }: Hit, place: number): HTMLAnchorElement {
  const link = document.createElement("a");
  Object.assign(link, { id: `result-${place}`, role: "option", ariaSelected: "false", tabIndex: -1 });
  link.href = new URL(url, rootUrl()).href;
  const title = document.createElement("strong");
  title.textContent = heading === page ? page : `${page} › ${heading}`;
  const excerpt = document.createElement("span");
  excerpt.append(...marked(excerptOf(text, terms), terms));
  link.append(title, excerpt);
  return link;
}

/** The text around the first match. */
function excerptOf(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase();
  const first = Math.min(...terms.map((term) => lower.indexOf(term)).filter((at) => at >= 0), text.length);
  const start = first === text.length ? 0 : Math.max(0, first - 40);
  return `${start > 0 ? "…" : ""}${text.slice(start, start + EXCERPT)}${start + EXCERPT < text.length ? "…" : ""}`;
}

function marked(text: string, terms: readonly string[]): readonly (string | HTMLElement)[] {
  if (terms.length === 0) return [text];
  const pattern = new RegExp(
    `(${terms.map((term) => term.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`,
    "gi",
  );
  return text.split(pattern).map((part, place) => {
    if (place % 2 === 0) return part;
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  });
}
