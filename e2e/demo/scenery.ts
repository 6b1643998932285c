/** The customers of the demo and what they send: realistic names, event types and payloads. */
import type { Random } from "../lib/random.ts";

export const CUSTOMERS: readonly string[] = `
  Acme Logistics, Bluebird Health, Cedar & Pine, Delta Freight, Ember Coffee, Foxglove Insurance,
  Granite Bank, Harbour Hotels, Iris Optics, Juniper Foods, Kestrel Airways, Lumen Energy,
  Maple Schools, Northwind Traders, Oakridge Clinics, Pelican Shipping, Quartz Analytics, Riverside Rail,
  Saffron Kitchens, Tundra Outdoor, Umbra Studios, Vela Yachts, Willow Pharmacy, Xenon Lighting,
  Yarrow Florists, Zephyr Mobility, Alder Legal, Birch Furniture, Cobalt Mining, Dune Travel,
  Elm Street Books, Fjord Seafood, Garnet Jewellers, Hazel Cosmetics, Ivory Dental, Jade Gardens,
  Kiln Ceramics, Lotus Yoga, Moss Landscaping, Nova Robotics, Onyx Security, Poppy Toys,
  Quill Publishing, Rowan Vets, Slate Roofing, Thistle Textiles, Uplands Dairy, Violet Beauty,
  Wren Music, Yew Tree Inns`
  .split(",")
  .map((name) => name.trim());

export interface EventKind {
  readonly name: string;
  readonly group: string;
  readonly description: string;
  readonly payload: (random: Random) => object;
}

const CURRENCIES = ["EUR", "GBP", "USD"];
const CARRIERS = ["DHL", "Royal Mail", "UPS", "PostNL"];
const PEOPLE = ["amara.okafor", "ben.lindqvist", "chiara.russo", "dev.patel", "elif.yilmaz", "frank.meier"];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

const money = (random: Random): object => ({
  amount: 450 + random.below(48_000),
  currency: pick(random, CURRENCIES),
});
const order = (random: Random): string => `ord_${10_000 + random.below(89_999)}`;
const customer = (random: Random): object => ({
  id: `cus_${1000 + random.below(8999)}`,
  email: `${pick(random, PEOPLE)}@example.com`,
});

export const EVENT_KINDS: readonly EventKind[] = [
  {
    name: "order.created",
    group: "orders",
    description: "An order was placed.",
    payload: (random) => ({
      order: order(random),
      customer: customer(random),
      total: money(random),
      lines: Array.from({ length: 1 + random.below(4) }, () => ({
        sku: `SKU-${100 + random.below(899)}`,
        quantity: 1 + random.below(3),
      })),
    }),
  },
  {
    name: "order.shipped",
    group: "orders",
    description: "An order left the warehouse.",
    payload: (random) => ({
      order: order(random),
      carrier: pick(random, CARRIERS),
      parcels: 1 + random.below(3),
      tracking: `TR${100_000_000 + random.below(899_999_999)}`,
    }),
  },
  {
    name: "order.cancelled",
    group: "orders",
    description: "An order was cancelled before it was shipped.",
    payload: (random) => ({ order: order(random), by: pick(random, ["customer", "merchant"]), refund: money(random) }),
  },
  {
    name: "invoice.paid",
    group: "billing",
    description: "An invoice was paid in full.",
    payload: (random) => ({
      invoice: `in_${2000 + random.below(7999)}`,
      customer: customer(random),
      paid: money(random),
    }),
  },
  {
    name: "invoice.payment_failed",
    group: "billing",
    description: "A payment of an invoice was declined.",
    payload: (random) => ({
      invoice: `in_${2000 + random.below(7999)}`,
      reason: pick(random, ["card_declined", "insufficient_funds", "expired_card"]),
      attempt: 1 + random.below(3),
    }),
  },
  {
    name: "subscription.renewed",
    group: "billing",
    description: "A subscription went into its next period.",
    payload: (random) => ({
      subscription: `sub_${300 + random.below(699)}`,
      plan: pick(random, ["starter", "team", "business"]),
      seats: 1 + random.below(40),
    }),
  },
  {
    name: "customer.updated",
    group: "customers",
    description: "The details of a customer changed.",
    payload: (random) => ({
      customer: customer(random),
      changed: pick(random, [["email"], ["address"], ["email", "name"]]),
    }),
  },
  {
    name: "shipment.delivered",
    group: "orders",
    description: "A parcel was handed over.",
    payload: (random) => ({
      order: order(random),
      carrier: pick(random, CARRIERS),
      signedBy: pick(random, PEOPLE),
      weightKg: (1 + random.below(190)) / 10,
    }),
  },
];

/** How a receiver behaves over the day. */
export type Manner = "healthy" | "flaky" | "slow" | "busy" | "strict" | "down" | "off" | "paused";

/** The behaviour of the endpoints in turn: most are healthy. */
export function mannerOf(index: number): Manner {
  const odd: Readonly<Record<number, Manner>> = {
    3: "down",
    7: "strict",
    11: "busy",
    19: "off",
    27: "paused",
    41: "down",
  };
  return odd[index] ?? (index % 9 === 4 ? "flaky" : index % 7 === 5 ? "slow" : "healthy");
}

export interface SourceKind {
  readonly name: string;
  readonly type: "github" | "shopify" | "stripe" | "generic-webhook";
  /** Goes quiet in the course of the day; it becomes inactive one hour of demo time later. */
  readonly silent?: boolean;
}

export const SOURCES: readonly SourceKind[] = [
  { name: "GitHub, shop", type: "github" },
  { name: "GitHub, mobile app", type: "github" },
  { name: "GitHub, infrastructure", type: "github" },
  { name: "Stripe, Europe", type: "stripe" },
  { name: "Stripe, United Kingdom", type: "stripe" },
  { name: "Shopify, main shop", type: "shopify" },
  { name: "Shopify, outlet", type: "shopify", silent: true },
  { name: "Warehouse scanners", type: "generic-webhook" },
  { name: "Contact form", type: "generic-webhook" },
  { name: "Weather alerts", type: "generic-webhook" },
];

/** Messages in a quarter of an hour, by the hour of the day: few at night, with peaks before noon and in the evening. */
export function messagesIn(hour: number, random: Random): number {
  const daylight = Math.max(0, Math.sin(((hour - 5) / 18) * Math.PI));
  return 2 + Math.round(12 * daylight) + random.below(4);
}
