/** Templates for marketing and analytics. */
import { destinationFields, endpointFor, nameField, numberField, received, secretField } from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

function campaign(id: string, metric: string, campaignId: number): ExampleStep {
  const data = {
    campaign_id: campaignId,
    action_id: 96,
    customer_id: "0200102",
    recipient: "ada@example.com",
    subject: "Spring sale",
  };
  return { kind: "request", body: { event_id: id, object_type: "email", metric, timestamp: 1_772_438_400, data } };
}

export const CAMPAIGN_EVENTS = defineTemplate({
  title: "Campaign events",
  category: "marketing",
  summary:
    "Receives events of campaigns from Customer.io, and forwards clicks, conversions and unsubscriptions, for all campaigns or for one of them.",
  needs: ["A Customer.io workspace whose reporting webhooks you can change."],
  fields: {
    name: nameField("Campaign events"),
    secret: secretField(
      "Signing key of the reporting webhook, from its page at Customer.io.",
      "755781b5e03a973f3405a85474d5a032a60fd56fabaad66039b12eadd83955fa",
    ),
    campaignId: {
      type: "integer",
      label: "Campaign ID",
      help: "Only events of this campaign are forwarded. Leave it empty for all campaigns.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 2_000_000_000,
      example: "42",
    },
    ...destinationFields("webhook"),
  },
  setup: [
    "At Customer.io, open Data & Integrations, then Reporting Webhooks, and create one with the URL of the source and the events Clicked, Converted and Unsubscribed of emails.",
    "Copy its signing key and enter it at the source, unless you have entered it in the form.",
  ],
  examples: [
    {
      title: "A recipient clicks and converts",
      steps: [campaign("campaign-1", "clicked", 42), campaign("campaign-2", "converted", 42)],
      receives: ["email.clicked", "email.converted"],
    },
    {
      title: "An email is delivered, and a click in another campaign",
      steps: [campaign("campaign-3", "delivered", 42), campaign("campaign-4", "clicked", 7)],
      receives: [],
    },
  ],
  plan: (values) => ({
    source: { kind: "webhook", type: "customer.io", secret: values.secret },
    eventTypes: [],
    watch: null,
    endpoint: endpointFor(values, {
      eventTypes: ["email.clicked", "email.converted", "email.unsubscribed"],
      filter: values.campaignId === null ? null : { body: { data: { campaign_id: values.campaignId } } },
      card: {
        title: "{{ eventType | humanise }}: {{ body.data.subject }}",
        fields: "Recipient: {{ body.data.recipient }}\nCampaign: {{ body.data.campaign_id }}",
        severity: '{{ body.metric | map: "unsubscribed", "warning", "converted", "success" | default: "info" }}',
      },
    }),
  }),
});

function track(id: string, event: string, revenue: number): ExampleStep {
  const body = {
    type: "track",
    messageId: id,
    timestamp: "2026-03-02T08:00:00.000Z",
    userId: "user-7",
    event,
    properties: { order_id: "A-1001", revenue, currency: "EUR" },
    context: { campaign: { source: "newsletter", name: "spring" } },
  };
  return { kind: "request", body };
}

export const CONVERSION = defineTemplate({
  title: "Conversion",
  category: "marketing",
  summary:
    "Receives tracked events from Segment, and reports conversions, such as completed orders, with their revenue and campaign.",
  needs: ["A Segment workspace in which you can add a webhook destination."],
  fields: {
    name: nameField("Conversion"),
    secret: secretField("Shared secret of the webhook destination at Segment.", "a-secret-of-your-choice"),
    event: {
      type: "text",
      label: "Event",
      help: "Name of the tracked event that is a conversion.",
      required: false,
      secret: false,
      maxLength: 200,
      default: "Order Completed",
    },
    minimumRevenue: numberField("Minimum revenue", "Conversions with less revenue are not reported.", "1"),
    ...destinationFields("webhook"),
  },
  setup: ["In Segment, add the destination Webhooks with the URL of the source and the shared secret, and enable it."],
  examples: [
    { title: "An order of 80 EUR", steps: [track("conversion-1", "Order Completed", 80)], receives: ["track"] },
    {
      title: "A page view, and an order without revenue",
      steps: [track("conversion-2", "Product Viewed", 80), track("conversion-3", "Order Completed", 0)],
      receives: [],
    },
  ],
  plan: (values) =>
    received("segment", values, {
      eventTypes: ["track"],
      filter: { body: { event: values.event, properties: { revenue: { $gte: Number(values.minimumRevenue) } } } },
      card: {
        title: "{{ body.event }}: {{ body.properties.revenue }} {{ body.properties.currency }}",
        fields: "Order: {{ body.properties.order_id }}\nCampaign: {{ body.context.campaign.name }}",
        severity: "success",
      },
    }),
});
