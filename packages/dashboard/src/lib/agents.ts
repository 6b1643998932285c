import { baseUrl } from "./base.ts";

/** Stands for the key, which is shown only once. */
const KEY = "YOUR_KEY";

/** Address of the MCP endpoint of an application. */
export function mcpUrl(app: string): string {
  return `${baseUrl()}/mcp/app/${app}`;
}

export interface AgentConfiguration {
  /** Name of the program, which is not translated. */
  readonly program: string;
  readonly text: string;
}

/** Ready configuration of programs that speak MCP. */
export function agentConfigurations(url: string, key: string = KEY): readonly AgentConfiguration[] {
  const headers = { Authorization: `Bearer ${key}` };
  const json = (value: object): string => JSON.stringify(value, null, 2);
  return [
    {
      program: "Claude Code",
      text: `claude mcp add --transport http posthorn ${url} \\\n  --header "Authorization: Bearer ${key}"`,
    },
    { program: "Cursor (.cursor/mcp.json)", text: json({ mcpServers: { posthorn: { url, headers } } }) },
    { program: "VS Code (.vscode/mcp.json)", text: json({ servers: { posthorn: { type: "http", url, headers } } }) },
    {
      program: "Codex (~/.codex/config.toml)",
      text: `[mcp_servers.posthorn]\nurl = "${url}"\nhttp_headers = { Authorization = "Bearer ${key}" }`,
    },
  ];
}
