/** Entry point of dashboard and portal; `router.tsx` maps paths to pages. */
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadTexts, startI18n } from "./i18n/i18n.ts";
import { isPortal } from "./lib/base.ts";
import { idle } from "./lib/idle.ts";
import { applyTheme, readTheme } from "./layout/theme.ts";
import { startFrame } from "./portal/frame.ts";
import { startLook } from "./portal/look.ts";
import { createQueries } from "./queries.ts";
import { router } from "./router.tsx";
import { onSession, signInFromLinks, signInState } from "./session/session.ts";
import "./styles/base.css";

await signInFromLinks();
await startI18n(signInState().locale);
const root = document.querySelector<HTMLElement>("#root")!;
if (isPortal()) {
  startLook();
  startFrame(root);
} else {
  applyTheme(readTheme());
}
const queries = createQueries();
// Data loaded with one token must not be shown after signing in with another.
onSession(() => queries.clear());
// Only later pages need them, so they load after the first one.
void idle().then(loadTexts);
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
