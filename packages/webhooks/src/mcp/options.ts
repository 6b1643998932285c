/** Whose events a call is about. */
export interface McpEventsContext {
  /** ID or uid of the application in Posthorn: one of your customers. */
  readonly application: string;
  /**
   * Token or key for this application, or an API key of yours that reaches it. Subscriptions end when it is revoked. Agents
   * with the same one share their subscriptions: each can end those of the others. Portal keys, one per agent, keep them apart.
   */
  readonly token: string;
}

/** Options of {@link mcpEvents}. */
export interface McpEventsOptions<Context> {
  /** Public URL of the Posthorn server, without a path. */
  readonly url: string;
  /**
   * Finds the customer that calls, from what the server knows about the request. Throw if there is none: without a customer,
   * there are no events.
   */
  readonly principal: (context: Context) => McpEventsContext | Promise<McpEventsContext>;
  /** Sends the requests; default: the global `fetch`. For a Posthorn in the same process, pass `posthorn.fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** How long Posthorn may take to respond, in milliseconds; default: 30,000. It asks callbacks for up to ten seconds. */
  readonly timeoutMs?: number;
}
