import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { Card } from "../components/page.tsx";
import { agentConfigurations, mcpUrl, stdioConfigurations, urlConfigurations } from "../lib/agents.ts";
import { baseUrl } from "../lib/base.ts";
import { AgentConfigurations } from "../parts/agent-configurations.tsx";
import { ConnectedClients } from "../parts/connected-clients.tsx";
import { useAudience } from "../session/audience.ts";
import { useCaller } from "../session/use-caller.ts";

/** Access of the operator's agents over MCP: configuration to copy, and the clients that are connected. */
export function AgentSettings() {
  const { t } = useTranslation();
  const { may } = useAudience();
  const isConnectable = useConnectable();
  // Tokens and keys have no clients of their own, so they need the permission to manage people.
  const hasClients = useCaller()?.kind === "user" || may("people:manage");
  const url = mcpUrl();
  return (
    <>
      {isConnectable && (
        <Card title={t("agents.byUrl")} lead={t("agents.byUrlLead")}>
          <CodeBlock label={t("portal.agents.address")} text={url} />
          <AgentConfigurations of={urlConfigurations(url)} />
        </Card>
      )}
      {isConnectable && hasClients && <ConnectedClients />}
      <Card title={t("agents.connect")} lead={t("agents.connectLead")}>
        {may("keys:manage") && (
          <p>
            <Link to="/settings" search={{ tab: "keys" }}>
              {t("agents.createKey")}
            </Link>
          </p>
        )}
        {!isConnectable && <CodeBlock label={t("portal.agents.address")} text={url} />}
        <AgentConfigurations of={agentConfigurations(url)} />
      </Card>
      <Card title={t("agents.commands")} lead={t("agents.commandsLead")}>
        <AgentConfigurations of={stdioConfigurations()} />
      </Card>
    </>
  );
}

/** Whether clients can connect to this server with OAuth: it serves the metadata that clients look for. */
function useConnectable(): boolean {
  const found = useQuery({
    queryKey: ["oauth-metadata"],
    queryFn: async () => (await fetch(`${baseUrl()}/.well-known/oauth-protected-resource/mcp`)).ok,
    staleTime: 60_000,
  });
  return found.data === true;
}
