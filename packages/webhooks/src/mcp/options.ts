/** The customer of a call, whose events it may read. */
export interface McpEventsContext {
  /** ID or uid of the application in Posthorn: one of your customers. */
  readonly application: string;
  /**
   * Token or key for this application, or an API key of yours with access to it. Subscriptions end when it is revoked.
   * Agents with the same token share their subscriptions: each can end those of the others. To separate them, create a
   * portal key for each agent.
   */
  readonly token: string;
}

/** Options of {@link mcpEvents}. */
export interface McpEventsOptions<Context> {
  /** Public URL of the Posthorn server, without a path. */
  readonly url: string;
  /**
   * Finds the customer that calls, from the context of the request. Throw if there is none: a call without a customer
   * gets no events.
   */
  readonly principal: (context: Context) => McpEventsContext | Promise<McpEventsContext>;
  /** Sends the requests; default: the global `fetch`. For a Posthorn in the same process, pass `posthorn.fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** How long Posthorn may take to respond, in milliseconds; default: 30,000. Verifying a callback takes up to ten seconds. */
  readonly timeoutMs?: number;
}
