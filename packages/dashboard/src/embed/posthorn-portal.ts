/**
 * Custom element `<posthorn-portal src="…">` that embeds the portal. `src` is the `url` of `app-portal-access`. `theme`, `colour`,
 * `font`, `logo`, `name` and `lang` set its appearance and can change at any time. Fires `ready`, and `session-ended` when a new
 * `src` is needed. Built as one file without dependencies.
 */
const LOOK = { theme: "theme", colour: "colour", font: "font", logo: "logo", name: "name", lang: "language" } as const;
const THEMES: Readonly<Record<string, string>> = { dark: "true", light: "false", auto: "auto" };
const PARAMETERS = { colour: "primaryColor", font: "fontFamily", logo: "icon", name: "name", lang: "lang" } as const;
const MIN_HEIGHT = 400;

class PosthornPortal extends HTMLElement {
  static readonly observedAttributes = ["src", ...Object.keys(LOOK)];

  readonly #frame = document.createElement("iframe");
  readonly #onMessage = (event: MessageEvent<unknown>): void => this.#receive(event);

  constructor() {
    super();
    const { style } = this.#frame;
    style.cssText = `display:block;width:100%;border:0;height:${MIN_HEIGHT}px;color-scheme:normal`;
    this.#frame.allow = "clipboard-write";
    this.#frame.title = "Webhooks";
    this.attachShadow({ mode: "open" }).append(this.#frame);
  }

  connectedCallback(): void {
    this.style.display ||= "block";
    addEventListener("message", this.#onMessage);
    this.#load();
  }

  disconnectedCallback(): void {
    removeEventListener("message", this.#onMessage);
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    if (name === "src") this.#load();
    else if (name in LOOK) {
      const payload = { [LOOK[name as keyof typeof LOOK]]: after ?? (name === "theme" ? "auto" : "") };
      this.#frame.contentWindow?.postMessage({ type: "posthorn.look", payload }, this.#origin() ?? "/");
    }
  }

  #load(): void {
    const url = URL.parse(this.getAttribute("src") ?? "", location.href);
    if (url === null || !/^https?:$/.test(url.protocol)) return;
    const theme = THEMES[this.getAttribute("theme") ?? "auto"] ?? "auto";
    if (this.hasAttribute("theme") || !url.searchParams.has("darkMode")) url.searchParams.set("darkMode", theme);
    for (const [attribute, parameter] of Object.entries(PARAMETERS)) {
      const value = this.getAttribute(attribute);
      if (value !== null) url.searchParams.set(parameter, value);
    }
    // A new token for the same URL changes only the fragment, which does not reload a frame.
    this.#frame.src = "about:blank";
    this.#frame.src = url.href;
  }

  #origin(): string | null {
    return URL.parse(this.#frame.src)?.origin ?? null;
  }

  #receive({ source, origin, data }: MessageEvent<unknown>): void {
    if (source !== this.#frame.contentWindow || origin !== this.#origin()) return;
    const { type, payload } = (data ?? {}) as { type?: unknown; payload?: { height?: unknown; reason?: unknown } };
    if (type === "posthorn.height" && typeof payload?.height === "number") {
      this.#frame.style.height = `${Math.max(MIN_HEIGHT, payload.height)}px`;
    } else if (type === "posthorn.ready") {
      this.dispatchEvent(new CustomEvent("ready"));
    } else if (type === "posthorn.session-ended") {
      this.dispatchEvent(new CustomEvent("session-ended", { detail: payload ?? {} }));
    }
  }
}

customElements.define("posthorn-portal", PosthornPortal);
