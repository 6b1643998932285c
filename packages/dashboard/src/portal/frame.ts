/** What the portal and the page around its frame say to each other (docs/portal.md). */
import { onSession, readSession, sessionEnd } from "../session/session.ts";
import { changeLook } from "./look.ts";

/** Longer lists scroll within the frame: they load as they are scrolled, and would else load to their end. */
const MAX_HEIGHT = 1600;
/** What the known React component listens to (docs/compatibility.md), and the name of our own element. */
const HEIGHT_MESSAGES = ["svix.iframe-resizer-height", "posthorn.height"] as const;

export function isFramed(): boolean {
  return window.parent !== window;
}

/** Tells the page around of the height and of the end of the session, and takes a look from it. Holds nothing that is secret. */
export function startFrame(root: HTMLElement): void {
  if (!isFramed()) return;
  document.documentElement.dataset["framed"] = "";
  const tell = (type: string, payload: object): void => window.parent.postMessage({ type, payload }, "*");
  const observer = new ResizeObserver(() => {
    const height = Math.min(MAX_HEIGHT, Math.ceil(root.getBoundingClientRect().height));
    for (const type of HEIGHT_MESSAGES) tell(type, { height });
  });
  observer.observe(root);
  onSession(() => {
    if (readSession() === null) tell("posthorn.session-ended", { reason: sessionEnd() });
  });
  addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent) return;
    const { type, payload } = (data ?? {}) as { readonly type?: unknown; readonly payload?: unknown };
    if (type === "posthorn.look" && typeof payload === "object" && payload !== null) {
      changeLook(payload as Record<string, unknown>);
    }
  });
  tell("posthorn.ready", {});
}
