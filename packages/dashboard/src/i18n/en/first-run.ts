/** First steps on a new server. */
export const firstRun = {
  firstRun: {
    title: "Get started",
    lead: "Each step is checked off when it is done.",
    progress: "{{done}} of {{all}} done",
    hide: "Hide",
    done: "Done",
    open: "Not done",
    steps: {
      send: {
        title: "Send a webhook",
        text: "Creates the application “Demo” with an endpoint at a test receiver on this server, and publishes a message to it.",
        done: "The message was published. Its timeline shows each attempt.",
      },
      receive: {
        title: "Receive a webhook",
        text: "Create a source for a provider such as GitHub or Stripe, and enter its URL there. Posthorn verifies each request.",
        done: "The first request was received and verified.",
        unsigned: "The first request was received. It was not signed.",
      },
      portal: {
        title: "Show your customers their webhooks",
        text: "In the portal, customers add endpoints and see their deliveries. Embed it in your product, or send a link.",
        done: "You opened the portal.",
      },
    },
    send: "Send a test message",
    sendAgain: "Send another",
    timeline: "Open the timeline",
    receiver: "See it at the test receiver",
    receiverName: "Demo receiver",
    code: "Send it from your code",
    codeLead: "Your code reads an API key from POSTHORN_TOKEN.",
    key: "API key",
    createKey: "Create a key for this application",
    keyLead: "The key can only publish to “Demo”. It is shown once.",
    waiting: "Waiting for the first request to {{name}} …",
    guide: "Open {{name}} for its URL and secret",
    portal: "Open the portal of “Demo”",
    portalNeedsDemo: "Send a test message first: it creates the application.",
  },
};
