/** Portal for one customer, opened by a link and often embedded in a frame. */
import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps, Outlet, useRouterState } from "@tanstack/react-router";
import { ArrowLeftRight, Bell, BookOpen, Bot, Inbox, KeyRound, type LucideIcon, Webhook } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { en } from "../i18n/en.ts";
import { Empty, EmptyHelp, Failed, Loading } from "../components/state.tsx";
import { useLive } from "../live/use-live.ts";
import { LiveIndicator } from "../parts/live-indicator.tsx";
import { isFramed } from "../portal/frame.ts";
import { serverLook } from "../portal/look.ts";
import { useLook } from "../portal/use-look.ts";
import { type Capability, AudienceContext, type Audience } from "../session/audience.ts";
import { useSession } from "../session/use-session.ts";
import { DocsLink } from "./docs-link.tsx";
import { NoticesLink } from "./notices.tsx";
import { Preferences } from "./preferences.tsx";
import styles from "./portal.module.css";

const NOTHING = { events: () => undefined, gap: () => undefined };

interface Place {
  readonly to: NonNullable<LinkProps["to"]>;
  readonly name: keyof (typeof en)["portal"]["nav"];
  readonly icon: LucideIcon;
}

const PLACES: readonly Place[] = [
  { to: "/portal", name: "endpoints", icon: Webhook },
  { to: "/portal/messages", name: "deliveries", icon: ArrowLeftRight },
  { to: "/portal/event-types", name: "catalogue", icon: BookOpen },
  { to: "/portal/signing", name: "signing", icon: KeyRound },
  { to: "/portal/alerts", name: "alerts", icon: Bell },
  { to: "/portal/feed", name: "feed", icon: Inbox },
  { to: "/portal/agents", name: "agents", icon: Bot },
];

function audienceOf(capabilities: readonly Capability[]): Audience {
  return {
    kind: "portal",
    can: (capability) => capabilities.includes(capability),
    may: () => true,
    endpoint: (_app, endpoint) => ({ to: "/portal/endpoints/$endpoint", params: { endpoint } }),
    message: (_app, message) => ({ to: "/portal/messages/$message", params: { message } }),
    attempt: (_app, message, attempt) => ({
      to: "/portal/messages/$message/attempts/$attempt",
      params: { message, attempt },
    }),
    replay: (_app, replay) => ({ to: "/portal/replays/$replay", params: { replay } }),
    crumbs: (_app, of = "endpoints") => [
      <Link key="all" to={of === "messages" ? "/portal/messages" : "/portal"}>
        <Trans i18nKey={of === "messages" ? "portal.nav.deliveries" : "portal.nav.endpoints"} />
      </Link>,
    ],
  };
}

export function Portal() {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <div className={styles["portal"]}>
      {session === null ? (
        <main>
          <h1 className="visually-hidden">{t("signIn.portalTitle")}</h1>
          <Empty>{t("signIn.portal")}</Empty>
        </main>
      ) : (
        <SignedIn key={session.token} />
      )}
    </div>
  );
}

function SignedIn() {
  const portal = useQuery({
    queryKey: ["portal"],
    queryFn: () => must(api.GET("/api/v1/portal")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data } = portal;
  useEffect(() => {
    if (data !== undefined) serverLook(data.look);
  }, [data]);
  const audience = useMemo(() => audienceOf(data?.capabilities ?? []), [data]);
  if (data === undefined) {
    return (
      <main>
        {portal.error === null ? <Loading /> : <Failed error={portal.error} retry={() => void portal.refetch()} />}
      </main>
    );
  }
  return (
    <AudienceContext value={audience}>
      <PortalFrame app={data.app.name} docs={data.docsUrl} />
    </AudienceContext>
  );
}

interface PortalFrameProps {
  readonly app: string;
  /** Documentation of the operator; `null`: none. */
  readonly docs: string | null;
}

function PortalFrame({ app, docs }: PortalFrameProps) {
  const { t } = useTranslation();
  const nav = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // Keeps the live stream open across pages, so that the indicator works on all of them.
  useLive(NOTHING);
  useEffect(() => {
    if (nav.current !== null) showTab(nav.current, path);
  }, [path]);
  return (
    <>
      <a className={styles["skip"]} href="#main">
        {t("app.skip")}
      </a>
      <PortalHeader app={app} />
      <nav ref={nav} className={styles["nav"]} aria-label={t("app.menu")}>
        {PLACES.map(({ to, name, icon: Icon }) => (
          <Link
            key={name}
            to={to}
            className={styles["tab"]}
            {...(to === "/portal" && /^\/portal\/(endpoints|replays)/.test(path) ? { "data-status": "active" } : {})}
            activeOptions={{ exact: to === "/portal", includeSearch: false }}
          >
            <Icon aria-hidden />
            {t(`portal.nav.${name}`)}
          </Link>
        ))}
      </nav>
      <main id="main" tabIndex={-1} className={styles["main"]}>
        <EmptyHelp value={<DocsLink href={docs} />}>
          <Outlet />
        </EmptyHelp>
      </main>
      <footer>
        {docs !== null && (
          <a href={docs} target="_blank" rel="noreferrer" className={styles["docs"]}>
            {t("portal.nav.docs")}
          </a>
        )}
        <NoticesLink />
      </footer>
    </>
  );
}

/** Scrolls the tab of the current page into view in narrow windows, without scrolling the page. */
function showTab(nav: HTMLElement, path: string): void {
  const tab = [...nav.querySelectorAll("a")].findLast(({ pathname }) => path.startsWith(pathname));
  if (tab !== undefined) nav.scrollLeft = tab.offsetLeft + tab.offsetWidth / 2 - nav.clientWidth / 2;
}

/** Header with the brand, if one is set, and the name of the application. */
function PortalHeader({ app }: { readonly app: string }) {
  const { logo, name } = useLook();
  const framed = isFramed();
  return (
    <header className={styles["head"]}>
      {logo !== undefined && <img className={styles["logo"]} src={logo} alt={name ?? ""} />}
      {name !== undefined && <strong className={styles["product"]}>{name}</strong>}
      <span className={styles["app"]}>{app}</span>
      <LiveIndicator short={framed} />
      {!framed && <Preferences />}
    </header>
  );
}
