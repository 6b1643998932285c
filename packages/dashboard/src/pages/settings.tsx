import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { tabOf, Tabs } from "../components/tabs.tsx";
import { useAudience } from "../session/audience.ts";
import type { Permission } from "../lib/caller.ts";
import { AgentSettings } from "./settings-agents.tsx";
import { AlertSettings } from "./settings-alerts.tsx";
import { EgressChecker } from "./settings-egress.tsx";
import { Keys } from "./settings-keys.tsx";
import { OperationalWebhooks } from "./settings-operational.tsx";
import { Organisations } from "./settings-organisations.tsx";
import { Privacy } from "./settings-privacy.tsx";
import { RedactionRules } from "./settings-redaction.tsx";
import { PortalLookSettings } from "./settings-portal.tsx";
import { ApiRequests } from "./settings-requests.tsx";
import { SignInSettings } from "./settings-sign-in.tsx";
import { Storage } from "./settings-storage.tsx";

const TABS = [
  "keys",
  "organisations",
  "signIn",
  "privacy",
  "redaction",
  "storage",
  "egress",
  "webhooks",
  "alerts",
  "agents",
  "portal",
  "requests",
] as const;

/** Permissions without which a tab would show only that it is needed. */
const NEEDS: Readonly<Partial<Record<(typeof TABS)[number], Permission>>> = {
  keys: "keys:manage",
  signIn: "people:manage",
  privacy: "privacy:manage",
  requests: "audit:read",
};

export function Settings() {
  const { t } = useTranslation();
  const { may } = useAudience();
  const tabs = TABS.filter((name) => NEEDS[name] === undefined || may(NEEDS[name]));
  const tab = tabOf(tabs, useSearch({ from: "/operator/settings" }).tab);
  return (
    <Page title={t("settings.title")}>
      <Tabs
        label={t("settings.title")}
        current={tab}
        tabs={tabs.map((name) => ({ name, label: t(`settings.tabs.${name}`) }))}
      />
      {tab === "keys" && <Keys />}
      {tab === "organisations" && <Organisations />}
      {tab === "signIn" && <SignInSettings />}
      {tab === "privacy" && <Privacy />}
      {tab === "storage" && <Storage />}
      {tab === "redaction" && <RedactionRules />}
      {tab === "egress" && <EgressChecker />}
      {tab === "webhooks" && <OperationalWebhooks />}
      {tab === "alerts" && <AlertSettings />}
      {tab === "agents" && <AgentSettings />}
      {tab === "portal" && <PortalLookSettings />}
      {tab === "requests" && <ApiRequests />}
    </Page>
  );
}
