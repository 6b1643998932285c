import { baseUrl } from "./base.ts";

/** Placeholder for the key, which is shown only once. */
const KEY = "YOUR_KEY";

/** Address of the MCP endpoint of an application, or of the organisation. */
export function mcpUrl(app?: string): string {
  return app === undefined ? `${baseUrl()}/mcp` : `${baseUrl()}/mcp/app/${app}`;
}

export interface AgentConfiguration {
  /** Name of the program, which is not translated. */
  readonly program: string;
  readonly text: string;
}

export interface AgentOptions {
  readonly key?: string;
  /** Name of the server in the configuration. */
  readonly name?: string;
}

/** Name of a server in configurations that customers copy: that of the operator's product, or a neutral one. */
export function serverNameOf(product: string | undefined): string {
  const name = (product ?? "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "webhooks" : name;
}

/** Ready-made configuration for programs that speak MCP. */
export function agentConfigurations(
  url: string,
  { key = KEY, name = "posthorn" }: AgentOptions = {},
): readonly AgentConfiguration[] {
  const headers = { Authorization: `Bearer ${key}` };
  const json = (value: object): string => JSON.stringify(value, null, 2);
  return [
    {
      program: "Claude Code",
      text: `claude mcp add --transport http ${name} ${url} \\\n  --header "Authorization: Bearer ${key}"`,
    },
    { program: "Cursor (.cursor/mcp.json)", text: json({ mcpServers: { [name]: { url, headers } } }) },
    { program: "VS Code (.vscode/mcp.json)", text: json({ servers: { [name]: { type: "http", url, headers } } }) },
    {
      program: "Codex (~/.codex/config.toml)",
      text: `[mcp_servers.${name}]\nurl = "${url}"\nhttp_headers = { Authorization = "Bearer ${key}" }`,
    },
    {
      program: "OpenAI Responses API (tools)",
      text: json([{ type: "mcp", server_label: name, server_url: url, headers, require_approval: "always" }]),
    },
  ];
}

/** Configuration for programs that connect with OAuth. They need only the URL. */
export function urlConfigurations(url: string): readonly AgentConfiguration[] {
  const json = (value: object): string => JSON.stringify(value, null, 2);
  return [
    { program: "Claude Code", text: `claude mcp add --transport http posthorn ${url}` },
    { program: "Cursor (.cursor/mcp.json)", text: json({ mcpServers: { posthorn: { url } } }) },
    { program: "VS Code (.vscode/mcp.json)", text: json({ servers: { posthorn: { type: "http", url } } }) },
    { program: "Codex", text: `codex mcp add posthorn --url ${url}\ncodex mcp login posthorn` },
  ];
}

/** Configuration for programs that start a command. The command forwards requests with the token of its profile for this server. */
export function stdioConfigurations(server: string = baseUrl()): readonly AgentConfiguration[] {
  const command = { command: "npx", args: ["-y", "posthorn", "mcp"] };
  return [
    {
      program: "Claude Desktop (claude_desktop_config.json)",
      text: JSON.stringify({ mcpServers: { posthorn: command } }, null, 2),
    },
    {
      program: "posthorn mcp (stdio)",
      text: `posthorn login --url ${server}\nclaude mcp add posthorn -- posthorn mcp`,
    },
  ];
}
