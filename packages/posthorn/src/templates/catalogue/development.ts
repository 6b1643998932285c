/** Templates for development and DevOps. */
import {
  destinationFields,
  durationField,
  endpointFor,
  nameField,
  received,
  secretField,
  transitionTypes,
  watchSeverity,
} from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

const GITHUB_NEEDS = ["A GitHub repository or organisation whose settings you can change."];
const GITHUB_SECRET = secretField(
  "Secret that you enter in the settings of the webhook at GitHub.",
  "a-secret-of-your-choice",
);

function githubSetup(events: string): readonly string[] {
  return [
    `At GitHub, open Settings, Webhooks, and add a webhook with the URL of the source, the content type application/json, the secret, and the events ${events}.`,
  ];
}

const REPOSITORY = { full_name: "acme/shop", html_url: "https://github.com/acme/shop" };
const SENDER = { login: "ada" };

function github(id: string, event: string, body: object): ExampleStep {
  const headers = { "x-github-event": event, "x-github-delivery": id, "user-agent": "GitHub-Hookshot/044aadd" };
  return { kind: "request", headers, body: { ...body, repository: REPOSITORY, sender: SENDER } };
}

export const REPOSITORY_EVENTS = defineTemplate({
  title: "Repository events",
  category: "development",
  summary:
    "Receives events from GitHub, and reports pushes to a branch, opened and merged pull requests, and releases.",
  needs: GITHUB_NEEDS,
  fields: {
    name: nameField("Repository events"),
    secret: GITHUB_SECRET,
    branch: {
      type: "text",
      label: "Branch",
      help: "Only pushes to this branch are reported.",
      required: false,
      secret: false,
      maxLength: 200,
      default: "main",
    },
    ...destinationFields("slack"),
  },
  setup: githubSetup("Pushes, Pull requests and Releases"),
  examples: [
    {
      title: "A push to main, and a release",
      steps: [
        github("repo-1", "push", {
          ref: "refs/heads/main",
          compare: "https://github.com/acme/shop/compare/1...2",
          head_commit: { message: "Fix the checkout" },
        }),
        github("repo-2", "release", {
          action: "published",
          release: { name: "v2.1", html_url: "https://github.com/acme/shop/releases/v2.1" },
        }),
      ],
      receives: ["push", "release.published"],
    },
    {
      title: "A push to another branch, and a star",
      steps: [
        github("repo-3", "push", { ref: "refs/heads/feature", compare: "https://github.com/acme/shop/compare/2...3" }),
        github("repo-4", "star", { action: "created" }),
      ],
      receives: [],
    },
  ],
  plan: (values) =>
    received("github", values, {
      eventTypes: ["push", "pull_request.opened", "pull_request.closed", "release.published"],
      filter: { $or: [{ eventType: { $neq: "push" } }, { body: { ref: `refs/heads/${values.branch}` } }] },
      card: {
        title: "{{ body.repository.full_name }}: {{ eventType | humanise }}",
        fields:
          "Commit: {{ body.head_commit.message }}\nPull request: {{ body.pull_request.title }}\nRelease: {{ body.release.name }}\nBy: {{ body.sender.login }}",
        link: "{{ body.compare }}{{ body.pull_request.html_url }}{{ body.release.html_url }}",
        severity: "info",
      },
    }),
});

function workflow(id: string, conclusion: string): ExampleStep {
  const workflow_run = {
    id: 8_731,
    name: "CI",
    head_branch: "main",
    run_number: 412,
    conclusion,
    html_url: "https://github.com/acme/shop/actions/runs/8731",
  };
  return github(id, "workflow_run", { action: "completed", workflow_run });
}

export const BUILD_COMPLETION = defineTemplate({
  title: "Build completion",
  category: "development",
  summary: "Receives the results of GitHub Actions, and reports failed builds, or every completed build.",
  needs: GITHUB_NEEDS,
  fields: {
    name: nameField("Build completion"),
    secret: GITHUB_SECRET,
    report: {
      type: "choice",
      label: "Report",
      help: "`failures`: builds that failed, timed out or could not start. `all`: every completed build.",
      required: false,
      secret: false,
      choices: ["failures", "all"],
      default: "failures",
    },
    ...destinationFields("slack"),
  },
  setup: githubSetup("Workflow runs"),
  examples: [
    { title: "A build fails", steps: [workflow("build-1", "failure")], receives: ["workflow_run.completed"] },
    { title: "A build succeeds", steps: [workflow("build-2", "success")], receives: [] },
  ],
  plan: (values) =>
    received("github", values, {
      eventTypes: ["workflow_run.completed"],
      filter:
        values.report === "all"
          ? null
          : { body: { workflow_run: { conclusion: { $in: ["failure", "timed_out", "startup_failure"] } } } },
      card: {
        title:
          "{{ body.workflow_run.name }} #{{ body.workflow_run.run_number }}: {{ body.workflow_run.conclusion | humanise }}",
        fields: "Repository: {{ body.repository.full_name }}\nBranch: {{ body.workflow_run.head_branch }}",
        link: "{{ body.workflow_run.html_url }}",
        severity: '{{ body.workflow_run.conclusion | map: "success", "success" | default: "error" }}',
      },
    }),
});

function failures(service: string, count: number): readonly ExampleStep[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "publish",
    eventType: "error.logged",
    payload: { service, message: `Timeout ${index + 1}` },
  }));
}

export const ERROR_RATE = defineTemplate({
  title: "Error rate",
  category: "development",
  summary:
    "Counts the errors that your services publish, and raises an alarm for a service with too many of them. The alarm is cleared once the rate has been normal for a while.",
  needs: ["Services that publish a message for each error."],
  fields: {
    name: nameField("Error rate"),
    limit: {
      type: "integer",
      label: "Errors",
      help: "The alarm is raised when a service has more errors than this within the period.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 1_000_000,
      default: 5,
    },
    period: durationField("Period", "Errors of this period are counted.", "5m"),
    quiet: durationField("Quiet for", "The alarm is cleared after the rate has been normal for this long.", "10m"),
    ...destinationFields("slack"),
  },
  setup: [
    "Publish a message with the event type error.logged to the application for each error. The payload has `service` and `message`.",
  ],
  examples: [
    {
      title: "6 errors of one service, then none",
      steps: [...failures("checkout", 6), { kind: "wait", minutes: 20 }],
      receives: ["errors.high.raised", "errors.high.cleared"],
    },
    { title: "5 errors", steps: failures("search", 5), receives: [] },
  ],
  plan: (values) => ({
    source: null,
    eventTypes: [
      { name: "error.logged", description: "A service has logged an error." },
      ...transitionTypes("errors.high", {
        raised: "A service has more errors than usual.",
        cleared: "The errors of a service are back to normal.",
      }),
    ],
    watch: {
      eventTypes: ["error.logged"],
      emits: "errors.high",
      rule: {
        read: { key: "$.service" },
        when: { count: { over: values.period, above: values.limit } },
        hold: values.quiet,
      },
    },
    endpoint: endpointFor(values, {
      eventTypes: ["errors.high.raised", "errors.high.cleared"],
      card: {
        title:
          'Error rate of {{ body.key }} {{ body.phase | map: "cleared", "is back to normal" | default: "is high" }}',
        fields: "Last error: {{ body.sample.data.message }}",
        severity: watchSeverity("error"),
      },
    }),
  }),
});

function dockerPush(tag: string): ExampleStep {
  const body = {
    push_data: { pushed_at: 1_772_438_400, pusher: "ada", tag },
    callback_url: "https://registry.hub.docker.com/u/acme/shop/hook/2141b5/",
    repository: { repo_name: "acme/shop", repo_url: "https://hub.docker.com/r/acme/shop", status: "Active" },
  };
  return { kind: "request", body };
}

export const CONTAINER_PUSH = defineTemplate({
  title: "Container registry push",
  category: "development",
  summary:
    "Receives pushes from Docker Hub, and reports new images with the tags that you choose, for example to deploy them.",
  needs: ["A repository at Docker Hub whose webhooks you can change."],
  fields: {
    name: nameField("Container registry push"),
    tags: {
      type: "text",
      label: "Tags",
      help: "Regular expression (RE2) that the tag must match.",
      required: false,
      secret: false,
      maxLength: 200,
      default: "^(latest|v\\d+.*)$",
    },
    ...destinationFields("webhook"),
  },
  setup: [
    "At Docker Hub, open the repository, then Webhooks, and add a webhook with the URL of the source. Docker Hub does not sign requests: keep the URL secret.",
  ],
  examples: [
    { title: "Version v2.1 is pushed", steps: [dockerPush("v2.1")], receives: ["push"] },
    { title: "A nightly build is pushed", steps: [dockerPush("nightly-20260302")], receives: [] },
  ],
  plan: (values) => ({
    source: { kind: "webhook", type: "docker-hub", secret: null },
    eventTypes: [],
    watch: null,
    endpoint: endpointFor(values, {
      eventTypes: ["push"],
      filter: { body: { push_data: { tag: { $regex: values.tags } } } },
      card: {
        title: "{{ body.repository.repo_name }}:{{ body.push_data.tag }} was pushed",
        fields: "By: {{ body.push_data.pusher }}",
        link: "{{ body.repository.repo_url }}",
        severity: "info",
      },
    }),
  }),
});
