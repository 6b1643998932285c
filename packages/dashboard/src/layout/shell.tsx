import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { EmptyHelp, Loading } from "../components/state.tsx";
import { useLive } from "../live/use-live.ts";
import { LiveIndicator } from "../parts/live-indicator.tsx";
import { OrganisationSwitch } from "../parts/organisation-switch.tsx";
import { PausedDeliveries } from "../parts/paused-deliveries.tsx";
import { Brand } from "./brand.tsx";
import { DocsLink } from "./docs-link.tsx";
import { Drawer } from "./drawer.tsx";
import { Navigation } from "./navigation.tsx";
import { NoticesLink } from "./notices.tsx";
import { Palette } from "./palette.tsx";
import { Preferences } from "./preferences.tsx";
import { ServerName } from "./server-name.tsx";
import styles from "./shell.module.css";
import { useHelpUrl } from "./use-help-url.ts";
import { useShortcuts } from "./use-shortcuts.ts";

const NOTHING = { events: () => undefined, gap: () => undefined };

/** The frame while the permissions of the reader are loading, which decide what it contains. */
export function ShellPlaceholder() {
  const { t } = useTranslation();
  return (
    <div className={styles["shell"]}>
      <header className={styles["top"]}>
        <Brand />
      </header>
      <aside className={styles["side"]} aria-label={t("app.name")}>
        <Brand />
      </aside>
      <main className={styles["main"]}>
        <Loading />
      </main>
    </div>
  );
}

/** Frame of the dashboard: sidebar, header, and the current page. */
export function Shell() {
  const { t } = useTranslation();
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const first = useRef(path);
  const help = useHelpUrl();
  useShortcuts();
  // Keeps the live stream open across pages, so that the indicator works on all of them.
  useLive(NOTHING);
  useEffect(() => {
    // Moves the focus of keyboard and screen reader users to the top of the new page.
    if (first.current !== path) main.current?.focus({ preventScroll: true });
    first.current = path;
  }, [path]);
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#main">
        {t("app.skip")}
      </a>
      <header className={styles["top"]}>
        <Drawer />
        <Brand />
        <Palette compact />
        <LiveIndicator short />
        <Preferences />
      </header>
      <aside className={styles["side"]} aria-label={t("app.name")}>
        <Brand />
        <ServerName />
        <OrganisationSwitch />
        <Palette />
        <Navigation />
        <NoticesLink />
        <div className={styles["foot"]}>
          <LiveIndicator />
          <Preferences />
        </div>
      </aside>
      <main id="main" ref={main} className={styles["main"]} tabIndex={-1}>
        <PausedDeliveries />
        <EmptyHelp value={<DocsLink href={help} />}>
          <Outlet />
        </EmptyHelp>
      </main>
    </div>
  );
}
