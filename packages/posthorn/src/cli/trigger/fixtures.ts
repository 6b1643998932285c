/**
 * Events as providers send them, with the fields of their documentation. Each is made new: IDs and times differ every time, because receivers
 * recognise repetitions.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";

/** An event without its signature. */
export interface Fixture {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: Record<string, unknown>;
}

type Make = (now: Date) => Fixture;

const alphanumeric = (length: number): string =>
  Array.from({ length }, () => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[randomInt(62)]).join(
    "",
  );
const seconds = (now: Date): number => Math.floor(now.getTime() / 1000);
const sha = (): string => randomBytes(20).toString("hex");

/** https://docs.stripe.com/api/events/object */
function stripeEvent(type: string, object: (now: Date) => Record<string, unknown>): Make {
  return (now) => ({
    headers: {
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    },
    body: {
      id: `evt_1${alphanumeric(23)}`,
      object: "event",
      api_version: "2025-09-30.clover",
      created: seconds(now),
      data: { object: object(now) },
      livemode: false,
      pending_webhooks: 1,
      request: { id: `req_${alphanumeric(14)}`, idempotency_key: randomUUID() },
      type,
    },
  });
}

const customerId = (): string => `cus_${alphanumeric(14)}`;

function stripeInvoice(status: "paid" | "open", now: Date): Record<string, unknown> {
  const isPaid = status === "paid";
  return {
    id: `in_1${alphanumeric(23)}`,
    object: "invoice",
    amount_due: 2000,
    amount_paid: isPaid ? 2000 : 0,
    amount_remaining: isPaid ? 0 : 2000,
    attempt_count: 1,
    attempted: true,
    billing_reason: "subscription_cycle",
    collection_method: "charge_automatically",
    created: seconds(now),
    currency: "usd",
    customer: customerId(),
    customer_email: "jenny.rosen@example.com",
    livemode: false,
    metadata: {},
    number: `${alphanumeric(8).toUpperCase()}-0001`,
    period_end: seconds(now),
    period_start: seconds(now) - 2_592_000,
    status,
    subtotal: 2000,
    total: 2000,
  };
}

function stripePaymentIntent(now: Date): Record<string, unknown> {
  return {
    id: `pi_3${alphanumeric(23)}`,
    object: "payment_intent",
    amount: 2000,
    amount_capturable: 0,
    amount_received: 2000,
    capture_method: "automatic_async",
    confirmation_method: "automatic",
    created: seconds(now),
    currency: "usd",
    customer: customerId(),
    description: null,
    livemode: false,
    metadata: {},
    payment_method: `pm_1${alphanumeric(23)}`,
    payment_method_types: ["card"],
    status: "succeeded",
  };
}

function stripeCheckout(now: Date): Record<string, unknown> {
  return {
    id: `cs_test_${alphanumeric(58)}`,
    object: "checkout.session",
    amount_subtotal: 2000,
    amount_total: 2000,
    created: seconds(now),
    currency: "usd",
    customer: customerId(),
    customer_details: { email: "jenny.rosen@example.com", name: "Jenny Rosen", phone: null },
    expires_at: seconds(now) + 86_400,
    livemode: false,
    metadata: {},
    mode: "payment",
    payment_intent: `pi_3${alphanumeric(23)}`,
    payment_status: "paid",
    status: "complete",
    success_url: "https://example.com/success",
  };
}

function stripeCustomer(now: Date): Record<string, unknown> {
  return {
    id: customerId(),
    object: "customer",
    balance: 0,
    created: seconds(now),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    email: "jenny.rosen@example.com",
    invoice_prefix: alphanumeric(8).toUpperCase(),
    livemode: false,
    metadata: {},
    name: "Jenny Rosen",
    phone: null,
  };
}

/** https://docs.github.com/webhooks/webhook-events-and-payloads */
function githubEvent(event: string, fields: (now: Date) => Record<string, unknown>): Make {
  return (now) => ({
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-delivery": randomUUID(),
      "x-github-event": event,
      "x-github-hook-id": "292430182",
      "x-github-hook-installation-target-id": "79929171",
      "x-github-hook-installation-target-type": "repository",
    },
    body: { ...fields(now), repository: REPOSITORY, sender: OCTOCAT },
  });
}

const OCTOCAT = {
  login: "octocat",
  id: 583231,
  node_id: "MDQ6VXNlcjU4MzIzMQ==",
  url: "https://api.github.com/users/octocat",
  html_url: "https://github.com/octocat",
  type: "User",
  site_admin: false,
};
const REPOSITORY = {
  id: 1296269,
  node_id: "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
  name: "Hello-World",
  full_name: "octocat/Hello-World",
  private: false,
  owner: OCTOCAT,
  html_url: "https://github.com/octocat/Hello-World",
  url: "https://api.github.com/repos/octocat/Hello-World",
  default_branch: "main",
};

function githubPush(now: Date): Record<string, unknown> {
  const [before, after] = [sha(), sha()];
  const author = { name: "Monalisa Octocat", email: "octocat@github.com", username: "octocat" };
  const commit = {
    id: after,
    tree_id: sha(),
    distinct: true,
    message: "Fix all the bugs",
    timestamp: now.toISOString(),
    url: `https://github.com/octocat/Hello-World/commit/${after}`,
    author,
    committer: author,
    added: [],
    removed: [],
    modified: ["README.md"],
  };
  const compare = `https://github.com/octocat/Hello-World/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`;
  const pusher = { name: "octocat", email: "octocat@github.com" };
  const state = { created: false, deleted: false, forced: false, base_ref: null };
  return { ref: "refs/heads/main", before, after, ...state, compare, commits: [commit], head_commit: commit, pusher };
}

function githubPullRequest(now: Date): Record<string, unknown> {
  const at = now.toISOString();
  const branch = (ref: string) => ({ label: `octocat:${ref}`, ref, sha: sha(), user: OCTOCAT, repo: REPOSITORY });
  const url = "https://github.com/octocat/Hello-World/pull/1347";
  const times = { created_at: at, updated_at: at, closed_at: null, merged_at: null };
  const counts = { comments: 0, commits: 1, additions: 100, deletions: 3, changed_files: 5 };
  return {
    action: "opened",
    number: 1347,
    pull_request: {
      id: 1,
      number: 1347,
      state: "open",
      locked: false,
      title: "Amazing new feature",
      body: "Please pull these awesome changes in!",
      user: OCTOCAT,
      html_url: url,
      head: branch("new-topic"),
      base: branch("main"),
      draft: false,
      merged: false,
      ...times,
      ...counts,
    },
  };
}

function githubIssue(now: Date): Record<string, unknown> {
  const at = now.toISOString();
  return {
    action: "opened",
    issue: {
      id: 1,
      number: 1347,
      title: "Found a bug",
      body: "I'm having a problem with this.",
      state: "open",
      user: OCTOCAT,
      labels: [],
      assignees: [],
      comments: 0,
      created_at: at,
      updated_at: at,
      closed_at: null,
      html_url: "https://github.com/octocat/Hello-World/issues/1347",
    },
  };
}

/** https://shopify.dev/docs/api/webhooks */
function shopifyOrder(now: Date): Fixture {
  const at = now.toISOString();
  const id = randomInt(1_000_000_000, 9_999_999_999);
  return {
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": "orders/create",
      "x-shopify-shop-domain": "example.myshopify.com",
      "x-shopify-api-version": "2025-10",
      "x-shopify-webhook-id": randomUUID(),
      "x-shopify-event-id": randomUUID(),
      "x-shopify-triggered-at": at,
    },
    body: {
      id,
      admin_graphql_api_id: `gid://shopify/Order/${id}`,
      cancelled_at: null,
      confirmed: true,
      created_at: at,
      currency: "USD",
      current_total_price: "398.00",
      email: "jon@example.com",
      financial_status: "paid",
      fulfillment_status: null,
      name: "#1001",
      number: 1,
      order_number: 1001,
      subtotal_price: "388.00",
      test: true,
      total_price: "398.00",
      total_tax: "0.00",
      line_items: [{ id: 466157049, title: "IPod Nano - 8GB", quantity: 1, price: "199.00", sku: "IPOD2008PINK" }],
    },
  };
}

/** https://docs.slack.dev/apis/events-api */
function slackMention(now: Date): Fixture {
  const ts = `${seconds(now)}.000100`;
  return {
    headers: { "content-type": "application/json", "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)" },
    body: {
      token: alphanumeric(24),
      team_id: "T061EG9R6",
      api_app_id: "A0MDYCDME",
      event: {
        type: "app_mention",
        user: "U061F7AUR",
        text: "<@U0LAN0Z89> is it everything a river should be?",
        ts,
        channel: "C0LAN2Q65",
        event_ts: ts,
      },
      type: "event_callback",
      event_id: `Ev${alphanumeric(9).toUpperCase()}`,
      event_time: seconds(now),
    },
  };
}

/** https://docs.gitlab.com/user/project/integrations/webhook_events */
function gitlabPush(now: Date): Fixture {
  const after = sha();
  return {
    headers: {
      "content-type": "application/json",
      "user-agent": "GitLab/18.5.0",
      "x-gitlab-event": "Push Hook",
      "x-gitlab-event-uuid": randomUUID(),
      "x-gitlab-webhook-uuid": randomUUID(),
      "x-gitlab-instance": "https://gitlab.example.com",
    },
    body: {
      object_kind: "push",
      event_name: "push",
      before: sha(),
      after,
      ref: "refs/heads/main",
      checkout_sha: after,
      user_id: 4,
      user_name: "John Smith",
      user_username: "jsmith",
      project_id: 15,
      project: { id: 15, name: "Diaspora", path_with_namespace: "mike/diaspora", default_branch: "main" },
      commits: [
        {
          id: after,
          message: "Update Catalan translation",
          timestamp: now.toISOString(),
          author: { name: "Jordi Mallach", email: "jordi@example.com" },
        },
      ],
      total_commits_count: 1,
    },
  };
}

/** Events by provider and name. */
export const FIXTURES: Readonly<Record<string, Readonly<Record<string, Make>>>> = {
  stripe: {
    "invoice.paid": stripeEvent("invoice.paid", (now) => stripeInvoice("paid", now)),
    "invoice.payment_failed": stripeEvent("invoice.payment_failed", (now) => stripeInvoice("open", now)),
    "payment_intent.succeeded": stripeEvent("payment_intent.succeeded", stripePaymentIntent),
    "checkout.session.completed": stripeEvent("checkout.session.completed", stripeCheckout),
    "customer.created": stripeEvent("customer.created", stripeCustomer),
  },
  github: {
    push: githubEvent("push", githubPush),
    "pull_request.opened": githubEvent("pull_request", githubPullRequest),
    "issues.opened": githubEvent("issues", githubIssue),
    ping: githubEvent("ping", () => ({ zen: "Design for failure.", hook_id: 292430182 })),
  },
  gitlab: { push: gitlabPush },
  shopify: { "orders/create": shopifyOrder },
  slack: { app_mention: slackMention },
};
