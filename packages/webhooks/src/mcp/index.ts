/** MCP Events (SEP-3415) in a program's own MCP server, backed by Posthorn. */
export { type McpEventsServer, mcpEvents } from "./events.ts";
export type { McpEventsContext, McpEventsOptions } from "./options.ts";
