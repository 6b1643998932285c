import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { Card } from "../components/page.tsx";
import { agentConfigurations, mcpUrl, stdioConfigurations } from "../lib/agents.ts";
import { AgentConfigurations } from "../parts/agent-configurations.tsx";
import { useAudience } from "../session/audience.ts";

/** Access of the operator's agents over MCP: configuration to copy. */
export function AgentSettings() {
  const { t } = useTranslation();
  const { may } = useAudience();
  const url = mcpUrl();
  return (
    <>
      <Card title={t("agents.connect")} lead={t("agents.connectLead")}>
        {may("keys:manage") && (
          <p>
            <Link to="/settings" search={{ tab: "keys" }}>
              {t("agents.createKey")}
            </Link>
          </p>
        )}
        <CodeBlock label={t("portal.agents.address")} text={url} />
        <AgentConfigurations of={agentConfigurations(url)} />
      </Card>
      <Card title={t("agents.commands")} lead={t("agents.commandsLead")}>
        <AgentConfigurations of={stdioConfigurations()} />
      </Card>
    </>
  );
}
