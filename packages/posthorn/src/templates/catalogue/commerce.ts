/** Templates for e-commerce and payments. */
import {
  destinationFields,
  endpointFor,
  intervalField,
  nameField,
  numberField,
  pathField,
  received,
  secretField,
  watchSeverity,
} from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

const STRIPE_SECRET = secretField(
  "Signing secret of the endpoint in the Stripe dashboard, under Developers, Webhooks.",
  "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
);
const STRIPE_NEEDS = ["A Stripe account whose settings you can change."];

function stripeSetup(events: string): readonly string[] {
  return [
    `In the Stripe dashboard, open Developers, Webhooks, and add an endpoint with the URL of the source and the events ${events}.`,
    "Copy the signing secret of the Stripe endpoint and enter it at the source, unless you have entered it in the form.",
  ];
}

const DECIMALS = {
  type: "integer",
  label: "Decimal places of the currency",
  help: "Stripe reports amounts in the smallest unit: 2 for euros and dollars, 0 for yen.",
  required: false,
  secret: false,
  minimum: 0,
  maximum: 3,
  default: 2,
} as const;

function stripeEvent(id: string, type: string, object: object, previous?: object): ExampleStep {
  const data = { object, ...(previous === undefined ? {} : { previous_attributes: previous }) };
  return {
    kind: "request",
    body: { id, object: "event", api_version: "2026-01-28", created: 1_772_438_400, type, data },
  };
}

export const PAYMENT_CONFIRMATION = defineTemplate({
  title: "Payment confirmation",
  category: "commerce",
  summary:
    "Receives payment events from Stripe, verifies their signature, and reports each successful payment, optionally only above an amount.",
  needs: STRIPE_NEEDS,
  fields: {
    name: nameField("Payment confirmation"),
    secret: STRIPE_SECRET,
    minimumAmount: {
      type: "integer",
      label: "Minimum amount",
      help: "In the smallest unit of the currency, such as cents. Smaller payments are not reported.",
      required: false,
      secret: false,
      minimum: 0,
      maximum: 1_000_000_000,
      default: 100,
    },
    decimals: DECIMALS,
    ...destinationFields("webhook"),
  },
  setup: stripeSetup("payment_intent.succeeded"),
  examples: [
    {
      title: "A payment of 49.00 EUR",
      steps: [
        stripeEvent("evt_payment_1", "payment_intent.succeeded", {
          id: "pi_3Qh1",
          object: "payment_intent",
          amount: 4900,
          amount_received: 4900,
          currency: "eur",
          receipt_email: "ada@example.com",
          status: "succeeded",
        }),
      ],
      receives: ["payment_intent.succeeded"],
    },
    {
      title: "A payment that failed, and one below the minimum",
      steps: [
        stripeEvent("evt_payment_2", "payment_intent.payment_failed", {
          id: "pi_3Qh2",
          amount_received: 0,
          currency: "eur",
        }),
        stripeEvent("evt_payment_3", "payment_intent.succeeded", {
          id: "pi_3Qh3",
          amount_received: 50,
          currency: "eur",
        }),
      ],
      receives: [],
    },
  ],
  plan: (values) =>
    received("stripe", values, {
      eventTypes: ["payment_intent.succeeded"],
      filter: { body: { data: { object: { amount_received: { $gte: values.minimumAmount } } } } },
      card: {
        title: `Payment of ${amountOf("amount_received", values.decimals)} received`,
        fields: "Customer: {{ body.data.object.receipt_email }}\nPayment: {{ body.data.object.id }}",
        link: "https://dashboard.stripe.com/payments/{{ body.data.object.id }}",
        severity: "success",
      },
    }),
});

function amountOf(member: string, decimals: number): string {
  const object = "body.data.object";
  return `{{ ${object}.${member} | divide: ${10 ** decimals} | round: ${decimals} }} {{ ${object}.currency | upper }}`;
}

export const REFUND = defineTemplate({
  title: "Refund",
  category: "commerce",
  summary: "Receives refunds from Stripe, verifies their signature, and reports each full or partial refund.",
  needs: STRIPE_NEEDS,
  fields: { name: nameField("Refund"), secret: STRIPE_SECRET, decimals: DECIMALS, ...destinationFields("webhook") },
  setup: stripeSetup("charge.refunded"),
  examples: [
    {
      title: "A partial refund of 20.00 EUR",
      steps: [
        stripeEvent("evt_refund_1", "charge.refunded", {
          id: "ch_3Qh1",
          object: "charge",
          amount: 4900,
          amount_refunded: 2000,
          currency: "eur",
          refunded: false,
          billing_details: { email: "ada@example.com" },
        }),
      ],
      receives: ["charge.refunded"],
    },
    {
      title: "A charge that succeeded",
      steps: [stripeEvent("evt_refund_2", "charge.succeeded", { id: "ch_3Qh2", amount: 4900, currency: "eur" })],
      receives: [],
    },
  ],
  plan: (values) =>
    received("stripe", values, {
      eventTypes: ["charge.refunded"],
      card: {
        title: `Refund of ${amountOf("amount_refunded", values.decimals)}`,
        fields:
          "Customer: {{ body.data.object.billing_details.email }}\nCharge: {{ body.data.object.id }}\nRefunded completely: {{ body.data.object.refunded }}",
        link: "https://dashboard.stripe.com/payments/{{ body.data.object.id }}",
        severity: "warning",
      },
    }),
});

export const SUBSCRIPTION_CHANGE = defineTemplate({
  title: "Subscription change",
  category: "commerce",
  summary:
    "Receives subscription events from Stripe, and reports new, cancelled and changed subscriptions. Updates that change neither plan, status nor cancellation are not reported.",
  needs: STRIPE_NEEDS,
  fields: { name: nameField("Subscription change"), secret: STRIPE_SECRET, ...destinationFields("webhook") },
  setup: stripeSetup("customer.subscription.created, customer.subscription.updated and customer.subscription.deleted"),
  examples: [
    {
      title: "A new subscription that becomes overdue and is cancelled",
      steps: [
        stripeEvent("evt_sub_1", "customer.subscription.created", { id: "sub_1", customer: "cus_9", status: "active" }),
        stripeEvent(
          "evt_sub_2",
          "customer.subscription.updated",
          { id: "sub_1", customer: "cus_9", status: "past_due" },
          { status: "active" },
        ),
        stripeEvent("evt_sub_3", "customer.subscription.deleted", {
          id: "sub_1",
          customer: "cus_9",
          status: "canceled",
        }),
      ],
      receives: ["customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted"],
    },
    {
      title: "Changed metadata",
      steps: [
        stripeEvent(
          "evt_sub_4",
          "customer.subscription.updated",
          { id: "sub_1", customer: "cus_9", status: "active", metadata: { seat: "4" } },
          { metadata: { seat: "3" } },
        ),
      ],
      receives: [],
    },
  ],
  plan: (values) => {
    const changed = (member: string) => ({ body: { data: { previous_attributes: { [member]: { $exists: true } } } } });
    return {
      source: { kind: "webhook", type: "stripe", secret: values.secret },
      eventTypes: [],
      watch: null,
      endpoint: endpointFor(values, {
        eventTypes: ["customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted"],
        filter: {
          $or: [
            { eventType: { $neq: "customer.subscription.updated" } },
            changed("status"),
            changed("items"),
            changed("cancel_at_period_end"),
          ],
        },
        card: {
          title: "{{ eventType | humanise }}",
          fields:
            "Customer: {{ body.data.object.customer }}\nStatus: {{ body.data.object.status }}\nBefore: {{ body.data.previous_attributes.status }}",
          link: "https://dashboard.stripe.com/subscriptions/{{ body.data.object.id }}",
          severity:
            '{{ body.data.object.status | map: "active", "success", "trialing", "success" | default: "warning" }}',
        },
      }),
    };
  },
});

const SHIPPING_STATUSES = {
  milestones: ["out_for_delivery", "available_for_pickup", "delivered", "return_to_sender", "failure"],
  problems: ["return_to_sender", "failure", "cancelled", "error"],
} as const;

function tracker(id: string, status: string): ExampleStep {
  const result = {
    id: "trk_8a1",
    object: "Tracker",
    tracking_code: "EZ1000000001",
    carrier: "UPS",
    status,
    est_delivery_date: "2026-03-03T17:00:00Z",
    public_url: "https://track.easypost.com/trk_8a1",
  };
  return { kind: "request", body: { id, object: "Event", description: "tracker.updated", result } };
}

export const SHIPPING_UPDATE = defineTemplate({
  title: "Shipping update",
  category: "commerce",
  summary:
    "Receives tracking events of parcels from EasyPost, and reports the steps that customers care about, such as out for delivery and delivered.",
  needs: ["An EasyPost account that tracks your parcels."],
  fields: {
    name: nameField("Shipping update"),
    secret: secretField("Webhook secret that you set for the webhook at EasyPost.", "a-secret-of-your-choice"),
    report: {
      type: "choice",
      label: "Report",
      help: "`milestones`: out for delivery, ready for pickup, delivered, returned and failed. `problems`: only returned, failed and cancelled. `all`: every update.",
      required: false,
      secret: false,
      choices: ["milestones", "problems", "all"],
      default: "milestones",
    },
    ...destinationFields("webhook"),
  },
  setup: ["In the EasyPost dashboard, add a webhook with the URL of the source and the webhook secret."],
  examples: [
    {
      title: "A parcel is out for delivery and is delivered",
      steps: [tracker("evt_ship_1", "out_for_delivery"), tracker("evt_ship_2", "delivered")],
      receives: ["tracker.updated", "tracker.updated"],
    },
    { title: "A parcel is in transit", steps: [tracker("evt_ship_3", "in_transit")], receives: [] },
  ],
  plan: (values) =>
    received("easypost", values, {
      eventTypes: ["tracker.created", "tracker.updated"],
      filter:
        values.report === "all" ? null : { body: { result: { status: { $in: SHIPPING_STATUSES[values.report] } } } },
      card: {
        title: "Parcel {{ body.result.tracking_code }}: {{ body.result.status | humanise }}",
        fields:
          'Carrier: {{ body.result.carrier }}\nExpected: {{ body.result.est_delivery_date | date: "YYYY-MM-DD" }}',
        link: "{{ body.result.public_url }}",
        severity:
          '{{ body.result.status | map: "delivered", "success", "failure", "error", "return_to_sender", "error" | default: "info" }}',
      },
    }),
});

const stockPage = (qty: number): ExampleStep => ({
  kind: "page",
  contentType: "application/json",
  body: JSON.stringify({
    products: [
      { sku: "MUG-01", stock: qty },
      { sku: "TEE-02", stock: 40 },
    ],
  }),
});

export const INVENTORY_LEVEL = defineTemplate({
  title: "Low stock",
  category: "commerce",
  summary:
    "Reads the stock of your shop from a JSON API, and reports each product when it runs low and when it is restocked, with a daily reminder in between.",
  needs: ["A URL that returns the stock of all products as JSON."],
  fields: {
    name: nameField("Low stock"),
    url: {
      type: "url",
      label: "URL of the stock",
      help: "Posthorn reads it with GET. It returns JSON with a list of products.",
      required: true,
      secret: false,
      schemes: ["https:", "http:"],
      example: "https://shop.example.com/api/stock",
    },
    token: {
      type: "text",
      label: "API token",
      help: "Sent as `Authorization: Bearer …`. Leave it empty if the URL needs none.",
      required: false,
      secret: true,
      maxLength: 2048,
      example: "token-of-the-shop",
    },
    items: pathField("Products", "JSONPath of the products in the response.", "$.products[*]"),
    sku: pathField("Product number", "JSONPath of the number within a product.", "$.sku"),
    quantity: pathField("Quantity", "JSONPath of the quantity within a product.", "$.stock"),
    low: numberField("Low below", "A product runs low when its quantity is below this.", "5"),
    restocked: numberField("Restocked above", "It is restocked when its quantity is above this.", "9"),
    everySeconds: intervalField(300),
    ...destinationFields("slack"),
  },
  check: ({ low, restocked }) =>
    Number(restocked) >= Number(low) - 1
      ? null
      : {
          field: "restocked",
          problem: 'Must not be less than "Low below", or a product would be low and restocked at once.',
        },
  setup: [],
  examples: [
    {
      title: "The stock of a product falls to 3 and is replenished",
      steps: [stockPage(12), stockPage(3), stockPage(30)],
      receives: ["stock.low.raised", "stock.low.cleared"],
    },
    { title: "Stock changes above the limit", steps: [stockPage(25), stockPage(6)], receives: [] },
  ],
  plan: (values) => ({
    source: {
      kind: "http",
      config: {
        url: values.url,
        everySeconds: values.everySeconds,
        emit: "always",
        eventType: "stock.read",
        ...(values.token === null ? {} : { auth: "bearer", token: values.token }),
      },
    },
    eventTypes: [],
    watch: {
      eventTypes: ["stock.read"],
      emits: "stock.low",
      rule: {
        read: { items: values.items, value: values.quantity, key: values.sku },
        when: { below: Number(values.low) },
        until: { above: Number(values.restocked) },
        remind: "1d",
      },
    },
    endpoint: endpointFor(values, {
      eventTypes: ["stock.low.raised", "stock.low.reminded", "stock.low.cleared"],
      card: {
        title:
          '{{ body.key }} {{ body.phase | map: "cleared", "is restocked" | default: "runs low" }}: {{ body.value }} left',
        fields: "Quantity: {{ body.value }}\nBefore: {{ body.previous }}",
        severity: watchSeverity("warning"),
      },
    }),
  }),
});
