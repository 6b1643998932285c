/** The form that publishes a message. */
export const compose = {
  compose: {
    title: "Publish message",
    lead: "Publishes a message to this application. Each endpoint that matches receives it.",
    payload: "Payload (JSON)",
    notJson: "The payload is not valid JSON.",
    tagsHelp: "Separate tags with commas. At most 5.",
    delay: "Delivery",
    delays: { "0": "Now", "60": "In 1 minute", "600": "In 10 minutes", "3600": "In 1 hour", "86400": "In 1 day" },
    key: "Idempotency key",
    keyHelp: "Publishing again with the same key and content does nothing. Leave empty to publish in any case.",
  },
};
