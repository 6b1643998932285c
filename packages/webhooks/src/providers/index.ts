import type { ProviderDefinition } from "../provider/types.ts";
import { acr } from "./acr.ts";
import { adyen } from "./adyen.ts";
import { adyenBasicAuth } from "./adyen-basic-auth.ts";
import { alertmanager } from "./alertmanager.ts";
import { anthropic } from "./anthropic.ts";
import { appleAppstore } from "./apple-appstore.ts";
import { asana } from "./asana.ts";
import { atlassianConnect } from "./atlassian-connect.ts";
import { auth0 } from "./auth0.ts";
import { awsIot } from "./aws-iot.ts";
import { awsSns } from "./aws-sns.ts";
import { azureEventGrid } from "./azure-event-grid.ts";
import { bitbucket } from "./bitbucket.ts";
import { box } from "./box.ts";
import { braintree } from "./braintree.ts";
import { buildkite } from "./buildkite.ts";
import { calCom } from "./cal.com.ts";
import { calendly } from "./calendly.ts";
import { chargebee } from "./chargebee.ts";
import { circleci } from "./circleci.ts";
import { clerk } from "./clerk.ts";
import { cloudeventsWebhook } from "./cloudevents-webhook.ts";
import { cloudflareNotifications } from "./cloudflare-notifications.ts";
import { cloudinary } from "./cloudinary.ts";
import { coinbaseCdp } from "./coinbase-cdp.ts";
import { coinbaseCommerce } from "./coinbase-commerce.ts";
import { contentful } from "./contentful.ts";
import { convoy } from "./convoy.ts";
import { customerIo } from "./customer.io.ts";
import { datadog } from "./datadog.ts";
import { discord } from "./discord.ts";
import { dockerHub } from "./docker-hub.ts";
import { docusign } from "./docusign.ts";
import { dropbox } from "./dropbox.ts";
import { dropboxSign } from "./dropbox-sign.ts";
import { easypost } from "./easypost.ts";
import { elevenlabs } from "./elevenlabs.ts";
import { figma } from "./figma.ts";
import { flutterwave } from "./flutterwave.ts";
import { front } from "./front.ts";
import { gitea } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { gocardless } from "./gocardless.ts";
import { googleCalendar } from "./google-calendar.ts";
import { googlePubsub } from "./google-pubsub.ts";
import { grafana } from "./grafana.ts";
import { harbor } from "./harbor.ts";
import { helpscout } from "./helpscout.ts";
import { heroku } from "./heroku.ts";
import { hookdeck } from "./hookdeck.ts";
import { hubspot } from "./hubspot.ts";
import { huggingface } from "./huggingface.ts";
import { hygraph } from "./hygraph.ts";
import { iftttService } from "./ifttt-service.ts";
import { intercom } from "./intercom.ts";
import { jenkins } from "./jenkins.ts";
import { jfrog } from "./jfrog.ts";
import { jira } from "./jira.ts";
import { klaviyo } from "./klaviyo.ts";
import { kontentAi } from "./kontent-ai.ts";
import { lemonsqueezy } from "./lemonsqueezy.ts";
import { line } from "./line.ts";
import { linear } from "./linear.ts";
import { livekit } from "./livekit.ts";
import { mailchimp } from "./mailchimp.ts";
import { mailersend } from "./mailersend.ts";
import { mailgun } from "./mailgun.ts";
import { mandrill } from "./mandrill.ts";
import { messagebird } from "./messagebird.ts";
import { meta } from "./meta.ts";
import { microsoftGraph } from "./microsoft-graph.ts";
import { microsoftTeams } from "./microsoft-teams.ts";
import { mollie } from "./mollie.ts";
import { monday } from "./monday.ts";
import { mux } from "./mux.ts";
import { netlify } from "./netlify.ts";
import { notion } from "./notion.ts";
import { nylas } from "./nylas.ts";
import { okta } from "./okta.ts";
import { openai } from "./openai.ts";
import { paddle } from "./paddle.ts";
import { paddleClassic } from "./paddle-classic.ts";
import { pagerduty } from "./pagerduty.ts";
import { particle } from "./particle.ts";
import { paypal } from "./paypal.ts";
import { paystack } from "./paystack.ts";
import { pipedrive } from "./pipedrive.ts";
import { plaid } from "./plaid.ts";
import { polar } from "./polar.ts";
import { postmark } from "./postmark.ts";
import { pusher } from "./pusher.ts";
import { qstash } from "./qstash.ts";
import { quay } from "./quay.ts";
import { quickbooks } from "./quickbooks.ts";
import { razorpay } from "./razorpay.ts";
import { replicate } from "./replicate.ts";
import { resend } from "./resend.ts";
import { rollbar } from "./rollbar.ts";
import { salesforce } from "./salesforce.ts";
import { sanity } from "./sanity.ts";
import { sendgrid } from "./sendgrid.ts";
import { sentry } from "./sentry.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { square } from "./square.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { supabase } from "./supabase.ts";
import { svix } from "./svix.ts";
import { telegram } from "./telegram.ts";
import { telnyx } from "./telnyx.ts";
import { travisCi } from "./travis-ci.ts";
import { trello } from "./trello.ts";
import { twilio } from "./twilio.ts";
import { twitch } from "./twitch.ts";
import { typeform } from "./typeform.ts";
import { vercel } from "./vercel.ts";
import { vonage } from "./vonage.ts";
import { webflow } from "./webflow.ts";
import { websub } from "./websub.ts";
import { whatsapp } from "./whatsapp.ts";
import { woocommerce } from "./woocommerce.ts";
import { wordpress } from "./wordpress.ts";
import { workos } from "./workos.ts";
import { xTwitter } from "./x-twitter.ts";
import { xero } from "./xero.ts";
import { zapier } from "./zapier.ts";
import { zendesk } from "./zendesk.ts";
import { zoom } from "./zoom.ts";

/**
 * All provider definitions by ID. Importing this object adds every definition to a bundle (about 35 kB compressed);
 * import a single one from `@posthorn/webhooks/providers/<id>`.
 */
export const providers: Readonly<Record<string, ProviderDefinition>> = {
  acr,
  adyen,
  "adyen-basic-auth": adyenBasicAuth,
  alertmanager,
  anthropic,
  "apple-appstore": appleAppstore,
  asana,
  "atlassian-connect": atlassianConnect,
  auth0,
  "aws-iot": awsIot,
  "aws-sns": awsSns,
  "azure-event-grid": azureEventGrid,
  bitbucket,
  box,
  braintree,
  buildkite,
  "cal.com": calCom,
  calendly,
  chargebee,
  circleci,
  clerk,
  "cloudevents-webhook": cloudeventsWebhook,
  "cloudflare-notifications": cloudflareNotifications,
  cloudinary,
  "coinbase-cdp": coinbaseCdp,
  "coinbase-commerce": coinbaseCommerce,
  contentful,
  convoy,
  "customer.io": customerIo,
  datadog,
  discord,
  "docker-hub": dockerHub,
  docusign,
  dropbox,
  "dropbox-sign": dropboxSign,
  easypost,
  elevenlabs,
  figma,
  flutterwave,
  front,
  gitea,
  github,
  gitlab,
  gocardless,
  "google-calendar": googleCalendar,
  "google-pubsub": googlePubsub,
  grafana,
  harbor,
  helpscout,
  heroku,
  hookdeck,
  hubspot,
  huggingface,
  hygraph,
  "ifttt-service": iftttService,
  intercom,
  jenkins,
  jfrog,
  jira,
  klaviyo,
  "kontent-ai": kontentAi,
  lemonsqueezy,
  line,
  linear,
  livekit,
  mailchimp,
  mailersend,
  mailgun,
  mandrill,
  messagebird,
  meta,
  "microsoft-graph": microsoftGraph,
  "microsoft-teams": microsoftTeams,
  mollie,
  monday,
  mux,
  netlify,
  notion,
  nylas,
  okta,
  openai,
  paddle,
  "paddle-classic": paddleClassic,
  pagerduty,
  particle,
  paypal,
  paystack,
  pipedrive,
  plaid,
  polar,
  postmark,
  pusher,
  qstash,
  quay,
  quickbooks,
  razorpay,
  replicate,
  resend,
  rollbar,
  salesforce,
  sanity,
  sendgrid,
  sentry,
  shopify,
  slack,
  square,
  "standard-webhooks": standardWebhooks,
  stripe,
  supabase,
  svix,
  telegram,
  telnyx,
  "travis-ci": travisCi,
  trello,
  twilio,
  twitch,
  typeform,
  vercel,
  vonage,
  webflow,
  websub,
  whatsapp,
  woocommerce,
  wordpress,
  workos,
  "x-twitter": xTwitter,
  xero,
  zapier,
  zendesk,
  zoom,
};

const byName: ReadonlyMap<string, ProviderDefinition> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.values(providers).flatMap((provider) =>
    [provider.id, ...(provider.aliases ?? [])].map((name) => [name, provider] as const),
  ),
);

/**
 * Finds a provider by its ID or an alias such as `ghcr`.
 *
 * @param name ID or alias, in any case.
 * @returns The definition; `undefined` when there is none.
 *
 * @example
 *
 * ```ts
 * import { findProvider } from "@posthorn/webhooks/providers";
 *
 * console.log(findProvider("ghcr")?.id); // github
 * ```
 */
export function findProvider(name: string): ProviderDefinition | undefined {
  return byName.get(name.toLowerCase());
}
