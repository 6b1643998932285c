/** Templates for content management. */
import {
  destinationFields,
  durationField,
  endpointFor,
  intervalField,
  nameField,
  received,
  secretField,
  transitionTypes,
  watchSeverity,
} from "../fields.ts";
import { defineTemplate, type ExampleStep } from "../template.ts";

function feed(...articles: readonly number[]): ExampleStep {
  const items = articles.map(
    (n) =>
      `<item><guid>article-${n}</guid><title>Article ${n}</title><link>https://blog.example.com/${n}</link><description>Summary ${n}</description></item>`,
  );
  return {
    kind: "page",
    contentType: "application/rss+xml",
    body: `<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title><link>https://blog.example.com</link>${items.join("")}</channel></rss>`,
  };
}

export const CONTENT_PUBLISHED = defineTemplate({
  title: "Content published",
  category: "content",
  summary:
    "Reads an RSS, Atom or JSON feed of a site, and reports each new entry once. Entries that already exist when the source is created are not reported.",
  needs: ["The URL of the feed. Every common content management system provides one."],
  fields: {
    name: nameField("Content published"),
    url: {
      type: "url",
      label: "URL of the feed",
      help: "An RSS, Atom or JSON feed.",
      required: true,
      secret: false,
      schemes: ["https:", "http:"],
      example: "https://blog.example.com/feed.xml",
    },
    everySeconds: intervalField(900),
    ...destinationFields("slack"),
  },
  setup: [],
  examples: [
    { title: "A new article", steps: [feed(1), feed(2, 1)], receives: ["content.published"] },
    { title: "A feed that has not changed", steps: [feed(2, 1), feed(2, 1)], receives: [] },
  ],
  plan: (values) => ({
    source: {
      kind: "feed",
      config: { url: values.url, everySeconds: values.everySeconds, eventType: "content.published" },
    },
    eventTypes: [],
    watch: null,
    endpoint: endpointFor(values, {
      eventTypes: ["content.published"],
      card: {
        title: "{{ body.title }}",
        text: "{{ body.summary | truncate: 500 }}",
        fields:
          'Published: {{ body.publishedAt | date: "YYYY-MM-DD HH:mm" }}\nCategories: {{ body.categories | join: ", " }}',
        link: "{{ body.link }}",
        severity: "info",
      },
    }),
  }),
});

function mux(id: string, type: string): ExampleStep {
  const data = { id: "NcVc9", status: "ready", duration: 61.2, playback_ids: [{ id: "a1B2", policy: "public" }] };
  const body = { type, id, created_at: "2026-03-02T08:00:00.000000Z", object: { type: "asset", id: "NcVc9" }, data };
  return { kind: "request", body };
}

export const MEDIA_UPLOAD = defineTemplate({
  title: "Media upload",
  category: "content",
  summary:
    "Receives events of uploaded videos from Mux, and reports each video that is ready to be played, or that failed.",
  needs: ["A Mux account that processes your videos."],
  fields: {
    name: nameField("Media upload"),
    secret: secretField(
      "Signing secret of the webhook, from Settings, Webhooks at Mux.",
      "kbt5s3q9r1b8k2n6h4x7w0v3m5c8d1f2",
    ),
    ...destinationFields("webhook"),
  },
  setup: [
    "At Mux, open Settings, Webhooks, and create a webhook with the URL of the source.",
    "Copy the signing secret of the webhook and enter it at the source, unless you have entered it in the form.",
  ],
  examples: [
    {
      title: "A video is ready, and another one failed",
      steps: [mux("media-1", "video.asset.ready"), mux("media-2", "video.asset.errored")],
      receives: ["video.asset.ready", "video.asset.errored"],
    },
    { title: "An upload begins", steps: [mux("media-3", "video.asset.created")], receives: [] },
  ],
  plan: (values) =>
    received("mux", values, {
      eventTypes: ["video.asset.ready", "video.asset.errored"],
      card: {
        title: "{{ eventType | humanise }}",
        fields: "Asset: {{ body.data.id }}\nDuration: {{ body.data.duration | round: 0 }} s",
        severity: '{{ eventType | map: "video.asset.ready", "success" | default: "error" }}',
      },
    }),
});

const report = (commentId: string, reporter: number): ExampleStep => ({
  kind: "publish",
  eventType: "comment.reported",
  payload: {
    commentId,
    reporter: `user-${reporter}`,
    text: "Buy cheap watches",
    url: `https://example.com/c/${commentId}`,
  },
});

export const COMMENT_MODERATION = defineTemplate({
  title: "Comment moderation",
  category: "content",
  summary:
    "Counts how often users report a comment, and notifies your moderators once there are enough reports within the period.",
  needs: ["An application that publishes a message for each report."],
  fields: {
    name: nameField("Comment moderation"),
    reports: {
      type: "integer",
      label: "Reports",
      help: "Number of reports after which moderators are notified.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 10_000,
      default: 3,
    },
    period: durationField("Period", "Reports of this period are counted.", "1d"),
    ...destinationFields("slack"),
  },
  setup: [
    "Publish a message with the event type comment.reported to the application for each report. The payload has `commentId`, `text` and `url`.",
  ],
  examples: [
    {
      title: "3 reports of one comment",
      steps: [report("c1", 1), report("c1", 2), report("c1", 3)],
      receives: ["comment.flagged.raised"],
    },
    { title: "2 reports of another one", steps: [report("c2", 1), report("c2", 2)], receives: [] },
  ],
  plan: (values) => ({
    source: null,
    eventTypes: [
      { name: "comment.reported", description: "A user has reported a comment." },
      ...transitionTypes("comment.flagged", { raised: "A comment was reported often, and needs a moderator." }),
    ],
    watch: {
      eventTypes: ["comment.reported"],
      emits: "comment.flagged",
      rule: {
        read: { key: "$.commentId" },
        when: { count: { over: values.period, above: values.reports - 1 } },
        forget: "30d",
      },
    },
    endpoint: endpointFor(values, {
      eventTypes: ["comment.flagged.raised"],
      card: {
        title: "Comment {{ body.key }} was reported several times",
        text: "{{ body.sample.data.text }}",
        link: "{{ body.sample.data.url }}",
        severity: watchSeverity("warning"),
      },
    }),
  }),
});

function response(id: string, form: string): ExampleStep {
  const form_response = {
    form_id: form,
    token: id,
    submitted_at: "2026-03-02T08:00:00Z",
    definition: {
      id: form,
      title: "Contact",
      fields: [
        { id: "f1", ref: "name", title: "Your name" },
        { id: "f2", ref: "plan", title: "Plan" },
      ],
    },
    answers: [
      { type: "text", text: "Ada", field: { id: "f1", ref: "name" } },
      { type: "choice", choice: { label: "Team" }, field: { id: "f2", ref: "plan" } },
    ],
  };
  return { kind: "request", body: { event_id: id, event_type: "form_response", form_response } };
}

/** Answers by the title of their question. */
const ANSWERS = `function handler(webhook) {
  const { form_id, token, submitted_at, definition, answers } = webhook.payload.form_response;
  const titles = new Map(definition.fields.map(({ id, title }) => [id, title]));
  const values = answers.map((answer) => {
    const value = answer[answer.type];
    const text = value && typeof value === "object" ? (value.label ?? value.labels ?? value) : value;
    return [titles.get(answer.field.id) ?? answer.field.ref, text];
  });
  webhook.payload = { form: definition.title, form_id, token, submitted_at, answers: Object.fromEntries(values) };
  return webhook;
}`;

export const FORM_SUBMISSION = defineTemplate({
  title: "Form submission",
  category: "content",
  summary:
    "Receives responses from Typeform, turns the list of answers into an object with the questions as names, and forwards it.",
  needs: ["A form at Typeform whose webhooks you can change."],
  fields: {
    name: nameField("Form submission"),
    secret: secretField("Secret that you enter for the webhook at Typeform.", "a-secret-of-your-choice"),
    formId: {
      type: "text",
      label: "Form ID",
      help: "Only responses to this form are forwarded. It is the last part of the URL of the form. Leave it empty for all forms.",
      required: false,
      secret: false,
      maxLength: 40,
      pattern: "[A-Za-z0-9]+",
      example: "lT4Z3j",
    },
    ...destinationFields("webhook"),
  },
  setup: [
    "At Typeform, open the form, then Connect, Webhooks, and add a webhook with the URL of the source and the secret.",
  ],
  examples: [
    { title: "A response", steps: [response("response-1", "lT4Z3j")], receives: ["form_response"] },
    { title: "A response to another form", steps: [response("response-2", "oTher1")], receives: [] },
  ],
  plan: (values) =>
    received("typeform", values, {
      eventTypes: ["form_response"],
      filter: values.formId === null ? null : { body: { form_response: { form_id: values.formId } } },
      card: { title: "Response to {{ body.form }}", text: "{{ body.answers | json }}", severity: "info" },
      transformation: ANSWERS,
    }),
});
