/**
 * Steps at a provider that set up its webhooks, in Markdown; `the URL` is the URL of the source. The pages in docs/receiving are written from
 * them, and the dashboard shows them on the page of a source.
 */
export const PROVIDER_STEPS = {
  github: [
    "In the repository or organisation, open *Settings → Webhooks → Add webhook*.",
    "Enter the URL as *Payload URL* and the secret as *Secret*. Choose `application/json` as *Content type* (forms work too).",
    "Choose the events and keep SSL verification enabled. GitHub immediately sends a `ping`, which is verified and stored like any event.",
  ],
  gitlab: [
    "In the project or group, open *Settings → Webhooks → Add new webhook*.",
    "Enter the URL. Let GitLab generate a *signing token* and use it as the secret of the source. Older versions only have a *secret token*.",
    "Choose the triggers and save. *Test* sends one of them.",
  ],
  stripe: [
    "In the Dashboard, open *Developers → Webhooks* and choose *Add destination* or *Add endpoint*.",
    "Enter the URL and choose the events.",
    "Reveal the *signing secret* (`whsec_…`) and use it as the secret of the source. Each endpoint has its own secret, separately for test and live mode.",
  ],
  slack: [
    "Choose the app at <https://api.slack.com/apps>. Use *Basic Information → Signing Secret* as the secret of the source.",
    "Enable *Event Subscriptions* and enter the URL as *Request URL*. Slack sends `url_verification`, which Posthorn answers.",
    "Use the same URL for *Interactivity* and *Slash Commands*.",
  ],
  discord: [
    "Choose the application at <https://discord.com/developers/applications>. Use *General Information → Public Key* as the public key of the source.",
    "Enter the URL as *Interactions Endpoint URL* or under *Webhooks → Endpoint URL*. Discord sends a PING and a request with a bad signature, which must get 401. Posthorn responds to both.",
  ],
  twilio: [
    "In the Console, choose the number, messaging service or application, and enter the URL as its webhook with `HTTP POST`.",
    "Use the primary token under *Account → API keys & tokens → Auth Token* as the secret of the source.",
  ],
  sendgrid: [
    "Open *Settings → Mail Settings → Event Webhook → Create new webhook*, enter the URL and choose the events.",
    "Enable *Signature Verification*. Use the *Verification Key* as the public key of the source.",
  ],
  shopify: [
    "For an app, subscribe with the URL through `webhookSubscriptionCreate` or `shopify.app.toml`. Use the *client secret* of the app as the secret of the source.",
    "For a single shop, open *Settings → Notifications → Webhooks*, which also shows the secret.",
  ],
  square: [
    "Choose the application in the Developer Console. Under *Webhooks → Subscriptions → Add subscription*, enter the URL and choose the events.",
    "Use the *signature key* of the subscription as the secret of the source.",
  ],
  zendesk: [
    "In the Admin Center, open *Apps and integrations → Actions and webhooks → Webhooks → Create webhook*. Enter the URL, and choose `POST` and `JSON`.",
    "Choose *Reveal secret* on the page of the webhook and use it as the secret of the source.",
  ],
  intercom: [
    "Choose the app in the Developer Hub. Under *Configure → Webhooks*, enter the URL and choose the topics.",
    "Use *Basic information → Client secret* as the secret of the source.",
  ],
  "microsoft-teams": [
    "In the team, open *Manage team → Apps → Create an outgoing webhook*. Enter a name, and the URL as the callback URL.",
    "Use the *security token*, which is shown only once, as the secret of the source.",
  ],
  "aws-sns": [
    "Open *Amazon SNS → Topics → Create subscription*. Choose the protocol HTTPS, enter the URL as the endpoint, and keep raw message delivery disabled.",
    "SNS sends a confirmation. Posthorn verifies it and calls the URL in it, so the subscription is confirmed within seconds.",
    "Set `config.topicArn` so that only your topic is accepted: SNS signs messages of every AWS account.",
  ],
  salesforce: [
    "Open *Setup → Workflow Actions → Outbound Messages → New*. Choose the object and the fields, and enter the URL as *Endpoint URL*.",
    "Add the message to a workflow rule or a flow. Salesforce does not sign requests: treat the URL as the secret, or let a proxy verify the client certificate of Salesforce.",
  ],
  meta: [
    "Choose the app at <https://developers.facebook.com/apps>. Use *App settings → Basic → App secret* as the secret of the source.",
    "Under *Webhooks*, enter the URL as *Callback URL* and choose a *Verify token*, which is `config.verifyToken` of the source. Meta verifies the callback with a GET, which Posthorn answers.",
    "Subscribe to the fields.",
  ],
  zoom: [
    "Choose the app at <https://marketplace.zoom.us>. Use *Features → Access → Secret Token* as the secret of the source.",
    "Under *Event subscriptions → Add*, enter the URL, choose *Validate*, and choose the events. Posthorn answers the validation, now and every 72 hours.",
  ],
  "standard-webhooks": [
    "At any sender that supports [Standard Webhooks](https://www.standardwebhooks.com), such as Posthorn, add an endpoint with the URL.",
    "Use the secret of the endpoint (`whsec_…`) as the secret of the source.",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Steps of a provider; empty: there is no guide. */
export function stepsOf(provider: string): readonly string[] {
  return Object.hasOwn(PROVIDER_STEPS, provider) ? PROVIDER_STEPS[provider as keyof typeof PROVIDER_STEPS] : [];
}
