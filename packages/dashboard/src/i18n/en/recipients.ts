/** Recipients of alerts about the endpoints of a customer. */
export const recipients = {
  recipients: {
    title: "Recipients",
    lead: "They are notified when an endpoint has been failing for some minutes, when it is disabled, and when it works again.",
    none: "No recipients yet. Add an email address to hear about failing endpoints before your users do.",
    off: "Alerts are not available for this account. You cannot add recipients, and no alerts are sent.",
    add: "Add recipient",
    kind: "Send alerts to",
    kinds: { email: "An email address", endpoint: "One of your endpoints" },
    to: "Recipient",
    email: "Email address",
    emailHelp: "Gets an email with a link to confirm the address, and alerts only after that.",
    endpointHelp:
      "Receives endpoint.failing, endpoint.disabled and endpoint.recovered, signed like any other event. An endpoint does not receive events about itself.",
    sendLink: "Send confirmation",
    resend: "Send again",
    resent: "Sent",
    state: "Status",
    states: { active: "Active", unconfirmed: "Not confirmed yet" },
    sent: "Last alert",
    never: "None yet",
    remove: "Remove",
    removeTitle: "Remove this recipient?",
    removeText: "It no longer receives alerts. You can add it again.",
  },
};
