/** The API reference of the server. */
export const apiReference = {
  apiReference: {
    lead: "Every operation of this server, with requests that you can copy or send from here.",
    operations: "Operations",
    search: "Search operations",
    start: "Before you start",
    startText: "Select an operation to see its fields, and to send a request with your session.",
    baseUrl: "Base URL",
    authentication: "Authentication",
    document: "OpenAPI document",
    noToken: "Create an API key in the settings to call the API from your own code.",
    request: "Request",
    send: "Send request",
    confirm: "Send this request?",
    stream:
      "You cannot try this operation here, because it uses a stream, a file or a form. Copy the command and adapt it.",
    response: "Response",
    duration: "{{value}} ms",
    parameters: "Parameters",
    body: "Body",
    responses: "Responses",
    required: "required",
    anyJson: "Any JSON.",
  },
};
