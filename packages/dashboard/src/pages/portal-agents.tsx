/** Access of a customer's agents over MCP: keys, and configuration to copy. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { Card, Page } from "../components/page.tsx";
import { agentConfigurations, mcpUrl, serverNameOf } from "../lib/agents.ts";
import { AgentConfigurations } from "../parts/agent-configurations.tsx";
import { useLook } from "../portal/use-look.ts";
import { PortalKeys } from "../parts/portal-keys.tsx";
import { useApplication } from "../session/use-application.ts";

export function PortalAgents() {
  const { t } = useTranslation();
  const app = useApplication();
  const [created, setCreated] = useState<string | null>(null);
  const look = useLook();
  const url = mcpUrl(app);
  return (
    <Page title={t("portal.nav.agents")} lead={t("portal.agents.lead")}>
      <PortalKeys app={app} created={created} onCreated={setCreated} />
      <Card title={t("portal.agents.connect")} lead={t("portal.agents.connectLead")}>
        <CodeBlock label={t("portal.agents.address")} text={url} />
        <AgentConfigurations
          of={agentConfigurations(url, {
            name: serverNameOf(look.name),
            ...(created === null ? {} : { key: created }),
          })}
        />
      </Card>
    </Page>
  );
}
