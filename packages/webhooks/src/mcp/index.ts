/** MCP Events (SEP-3415) in a program's own MCP server, backed by Posthorn. */
export { type McpEventsContext, type McpEventsOptions, type McpEventsServer, mcpEvents } from "./events.ts";
