/** Templates for CRM and support. */
import { destinationFields, nameField, received, secretField } from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

function pipedrive(id: string, action: string, entity: string): ExampleStep {
  const meta = {
    action,
    entity,
    entity_id: "8f1c",
    company_id: "4711",
    correlation_id: id,
    timestamp: "2026-03-02T08:00:00.000Z",
    version: "2.0",
  };
  const data = {
    id: "8f1c",
    title: "Acme wants 40 seats",
    owner_id: 7,
    value: { amount: 4000, currency: "EUR" },
    source_name: "Website",
  };
  return { kind: "request", body: { meta, data, previous: null } };
}

export const NEW_LEAD = defineTemplate({
  title: "New lead",
  category: "crm",
  summary:
    "Receives webhooks from Pipedrive, and reports each new lead, for example to the channel of your sales team.",
  needs: ["A Pipedrive account whose webhooks you can change."],
  fields: {
    name: nameField("New lead"),
    secret: secretField(
      "HTTP user name and password of the webhook, as `user:password`. Choose them yourself.",
      "posthorn:a-password-of-your-choice",
    ),
    ...destinationFields("slack"),
  },
  setup: [
    "In Pipedrive, open Tools and apps, Webhooks, and create a webhook with the action create, the object lead, the URL of the source, and the HTTP user name and password.",
  ],
  examples: [
    { title: "A lead is created", steps: [pipedrive("lead-1", "create", "lead")], receives: ["lead.create"] },
    {
      title: "A lead is changed, and a person is created",
      steps: [pipedrive("lead-2", "change", "lead"), pipedrive("lead-3", "create", "person")],
      receives: [],
    },
  ],
  plan: (values) =>
    received("pipedrive", values, {
      eventTypes: ["lead.create"],
      card: {
        title: "New lead: {{ body.data.title }}",
        fields:
          "Value: {{ body.data.value.amount }} {{ body.data.value.currency }}\nSource: {{ body.data.source_name }}",
        severity: "success",
      },
    }),
});

const TICKET_EVENTS = [
  "zen:event-type:ticket.created",
  "zen:event-type:ticket.status_changed",
  "zen:event-type:ticket.priority_changed",
  "zen:event-type:ticket.comment_added",
];

function ticket(id: string, type: string, priority: string): ExampleStep {
  const body = {
    account_id: 22_129_848,
    id,
    subject: "zen:ticket:5158",
    time: "2026-03-02T08:00:00.000Z",
    type: `zen:event-type:ticket.${type}`,
    zendesk_event_version: "2022-11-06",
    detail: { id: "5158", subject: "Cannot sign in", status: "OPEN", priority },
    event: { current: "OPEN", previous: "NEW" },
  };
  return { kind: "request", body };
}

export const TICKET_UPDATE = defineTemplate({
  title: "Ticket update",
  category: "crm",
  summary:
    "Receives ticket events from Zendesk, and reports new tickets, comments, and changes of status and priority, for all tickets or only for those with a high priority.",
  needs: ["A Zendesk account whose webhooks you can change."],
  fields: {
    name: nameField("Ticket update"),
    secret: secretField(
      "Signing secret of the webhook, from its page in the Admin Center of Zendesk.",
      "dGhpcyBpcyBhIHNlY3JldCBvZiB6ZW5kZXNr",
    ),
    priority: {
      type: "choice",
      label: "Priority",
      help: "`high`: only tickets with the priority high or urgent. `all`: every ticket.",
      required: false,
      secret: false,
      choices: ["all", "high"],
      default: "high",
    },
    ...destinationFields("slack"),
  },
  setup: [
    "In the Admin Center of Zendesk, open Apps and integrations, Webhooks, and create a webhook for Zendesk events with the URL of the source and the ticket events.",
    "Copy the signing secret of the webhook and enter it at the source, unless you have entered it in the form.",
  ],
  examples: [
    {
      title: "The status of an urgent ticket changes",
      steps: [ticket("ticket-1", "status_changed", "URGENT")],
      receives: ["zen:event-type:ticket.status_changed"],
    },
    {
      title: "A ticket with a low priority, and a tag",
      steps: [ticket("ticket-2", "status_changed", "LOW"), ticket("ticket-3", "tags_changed", "HIGH")],
      receives: [],
    },
  ],
  plan: (values) =>
    received("zendesk", values, {
      eventTypes: null,
      filter: {
        body: {
          type: { $in: TICKET_EVENTS },
          ...(values.priority === "all" ? {} : { detail: { priority: { $in: ["HIGH", "URGENT"] } } }),
        },
      },
      card: {
        title: "Ticket {{ body.detail.id }}: {{ body.detail.subject }}",
        fields: "Status: {{ body.detail.status }}\nPriority: {{ body.detail.priority }}",
        severity: '{{ body.detail.priority | map: "URGENT", "critical", "HIGH", "error" | default: "info" }}',
      },
    }),
});

function clerk(type: string): ExampleStep {
  const data = {
    id: "user_29w83sxmDNGwOuEthce5gg56FcC",
    first_name: "Ada",
    last_name: "Example",
    email_addresses: [{ email_address: "ada@example.com" }],
  };
  return { kind: "request", body: { type, object: "event", timestamp: 1_772_438_400_000, data } };
}

export const USER_REGISTRATION = defineTemplate({
  title: "User registration",
  category: "crm",
  summary: "Receives user events from Clerk, and reports each new user, for example to your CRM or to a channel.",
  needs: ["A Clerk application that users sign up to."],
  fields: {
    name: nameField("User registration"),
    secret: secretField(
      "Signing secret of the endpoint, from the page Webhooks at Clerk.",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
    ...destinationFields("webhook"),
  },
  setup: [
    "At Clerk, open Configure, Webhooks, and add an endpoint with the URL of the source and the event user.created.",
    "Copy the signing secret of the endpoint and enter it at the source, unless you have entered it in the form.",
  ],
  examples: [
    { title: "A user signs up", steps: [clerk("user.created")], receives: ["user.created"] },
    { title: "A user changes their profile", steps: [clerk("user.updated")], receives: [] },
  ],
  plan: (values) =>
    received("clerk", values, {
      eventTypes: ["user.created"],
      card: {
        title: "New user: {{ body.data.first_name }} {{ body.data.last_name }}",
        fields: "Email: {{ body.data.email_addresses[0].email_address }}",
        severity: "success",
      },
    }),
});
