import { Link, type LinkProps, useRouterState } from "@tanstack/react-router";
import {
  Activity,
  BookOpen,
  Boxes,
  CircleHelp,
  Download,
  Eye,
  House,
  LayoutTemplate,
  type LucideIcon,
  Mail,
  Radar,
  RotateCcw,
  ScrollText,
  Server,
  Settings,
  Shapes,
  TriangleAlert,
  Users,
  Webhook,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import type { en } from "../i18n/en.ts";
import { useAudience } from "../session/audience.ts";
import type { Permission } from "../lib/caller.ts";
import styles from "./shell.module.css";
import { useHelpUrl } from "./use-help-url.ts";

interface Place {
  readonly to: NonNullable<LinkProps["to"]>;
  readonly name: keyof (typeof en)["nav"];
  readonly icon: LucideIcon;
  /** Without this permission, the page would show only that it is needed. */
  readonly needs?: Permission;
}

/** Groups of the menu: activity, resources, operations. */
const GROUPS: readonly (readonly Place[])[] = [
  [
    { to: "/", name: "home", icon: House },
    { to: "/messages", name: "messages", icon: Mail },
    { to: "/live", name: "live", icon: Activity },
    { to: "/incidents", name: "incidents", icon: TriangleAlert },
  ],
  [
    { to: "/applications", name: "applications", icon: Boxes },
    { to: "/endpoints", name: "endpoints", icon: Webhook },
    { to: "/sources", name: "sources", icon: Download },
    { to: "/watches", name: "watches", icon: Eye },
    { to: "/templates", name: "templates", icon: LayoutTemplate },
    { to: "/capture", name: "capture", icon: Radar },
    { to: "/event-types", name: "eventTypes", icon: Shapes },
  ],
  [
    { to: "/replays", name: "replays", icon: RotateCcw },
    { to: "/audit", name: "audit", icon: ScrollText, needs: "audit:read" },
    { to: "/cluster", name: "cluster", icon: Server },
    { to: "/users", name: "users", icon: Users, needs: "people:manage" },
    { to: "/settings", name: "settings", icon: Settings },
    { to: "/reference", name: "api", icon: BookOpen },
  ],
];

export function Navigation({ onNavigate }: { readonly onNavigate?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { may } = useAudience();
  // Messages and endpoints of a source use the paths of applications.
  const ofSource = useRouterState({ select: ({ location }) => location.pathname.startsWith("/applications/src_") });
  return (
    <nav className={styles["nav"]} aria-label={t("app.menu")}>
      {GROUPS.map((places, index) => (
        <div key={index} className={styles["group"]}>
          {places
            .filter(({ needs }) => needs === undefined || may(needs))
            .map(({ to, name, icon: Icon }) => (
              <Link
                key={name}
                to={to}
                className={styles["link"]}
                activeOptions={{ exact: to === "/" || (ofSource && name === "applications"), includeSearch: false }}
                {...(ofSource && name === "sources" ? { "data-status": "active", "aria-current": "page" } : {})}
                onClick={() => onNavigate?.()}
              >
                <Icon aria-hidden />
                {t(`nav.${name}`)}
              </Link>
            ))}
          {index === GROUPS.length - 1 && <HelpLink />}
        </div>
      ))}
    </nav>
  );
}

/** Link to the page of the documentation that explains the current page. */
function HelpLink() {
  const { t } = useTranslation();
  const url = useHelpUrl();
  if (url === null) return null;
  return (
    <a href={url} className={styles["link"]} target="_blank" rel="noreferrer">
      <CircleHelp aria-hidden />
      {t("nav.help")}
    </a>
  );
}
