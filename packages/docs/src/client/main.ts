/** Behaviour of every page: theme, navigation of narrow windows, copy buttons, and search. Pages work without it. */
import { connectSearch } from "./search.ts";

const KEY = "posthorn.theme";
const COPIED_MS = 1500;

connectTheme();
connectMenu();
connectCopy();
connectSearch();

function connectTheme(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-theme-button]");
  button?.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset["theme"] === undefined ? prefersDark() : root.dataset["theme"] === "dark";
    const theme = isDark ? "light" : "dark";
    root.dataset["theme"] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Without storage, the choice is lost on the next page.
    }
  });
}

function prefersDark(): boolean {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function connectMenu(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-menu]");
  const panel = document.querySelector("#side");
  if (button === null || panel === null) return;
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    panel.classList.toggle("open", !isOpen);
  });
  panel.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function connectCopy(): void {
  for (const block of document.querySelectorAll("article pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => void copy(block, button));
    const frame = document.createElement("div");
    frame.className = "code";
    block.replaceWith(frame);
    frame.append(block, button);
  }
}

async function copy(block: Element, button: HTMLButtonElement): Promise<void> {
  await navigator.clipboard.writeText(block.querySelector("code")?.textContent ?? "");
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = "Copy";
  }, COPIED_MS);
}
