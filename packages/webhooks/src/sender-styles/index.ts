/**
 * Signers for the formats of Asana, GitHub, Stripe, Slack and Shopify, so that a product can migrate without breaking the
 * receivers that its customers already run.
 */
export { asanaStyle, type AsanaStyleOptions } from "./asana.ts";
export { githubStyle, type GithubStyleOptions } from "./github.ts";
export { shopifyStyle, type ShopifyStyleOptions } from "./shopify.ts";
export { slackStyle, type SlackStyleOptions } from "./slack.ts";
export { stripeStyle, type StripeStyleOptions } from "./stripe.ts";
export type { StyleMessage, StyleSigner } from "./style.ts";
