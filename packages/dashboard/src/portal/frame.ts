/** Messages between the portal in a frame and its parent page (docs/portal.md). */
import { onSession, readSession, sessionEnd } from "../session/session.ts";
import { changeLook } from "./look.ts";

/** Maximum height of the frame. Longer lists scroll inside: in an unlimited frame, infinite scrolling would load every page. */
const MAX_HEIGHT = 1600;
/** Names of the height message: of the existing React component (docs/compatibility.md), and of `<posthorn-portal>`. */
const HEIGHT_MESSAGES = ["svix.iframe-resizer-height", "posthorn.height"] as const;

export function isFramed(): boolean {
  return window.parent !== window;
}

/** Sends the height and the end of the session to the parent page, and accepts a look from it. Messages contain no secrets. */
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
