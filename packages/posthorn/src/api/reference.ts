/**
 * Serves the API reference page. The viewer's script is one string of 3 MB, so it is loaded on the first visit and not at every
 * start. The page loads nothing from other servers, and runs only scripts with the nonce of its response.
 */
import { randomBytes } from "node:crypto";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";

const PATH = "/docs/api";

/** 128 bits, as the specification asks for. */
const NONCE_BYTES = 16;
/** The viewer writes it where the nonce belongs, because it takes one nonce for all responses. */
const NONCE_PLACE = "nonce-of-the-response";

/**
 * Runs before the viewer, which adds style sheets without a nonce, and style attributes. The policy allows a script to set styles through
 * the object model.
 */
const PREPARE = `<script nonce="${NONCE_PLACE}">(() => {
const nonce = document.currentScript.nonce;
const { createElement } = Document.prototype;
Document.prototype.createElement = function (...named) {
  const element = createElement.apply(this, named);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
const { setAttribute } = Element.prototype;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};
const html = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
Object.defineProperty(Element.prototype, "innerHTML", {
  ...html,
  set(text) {
    html.set.call(this, String(text).replaceAll(' style="', ' data-style="'));
    for (const element of this.querySelectorAll("[data-style]")) element.style.cssText = element.dataset.style;
  },
});
})()</script>`;

/**
 * Content security policy. The viewer contains URLs of its vendor; this policy lets the browser connect only to this server,
 * whatever a version of the viewer requests.
 */
function policy(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

export function registerReference(app: FastifyInstance, base: string): void {
  let viewer: Promise<FastifyInstance> | null = null;
  for (const url of [PATH, `${PATH}/*`]) {
    app.get(url, async (request, reply) => {
      viewer ??= loadViewer(base).catch((error: unknown) => {
        viewer = null;
        throw error;
      });
      return answer(reply, await (await viewer).inject(request.url));
    });
  }
}

/** Sends a response of the viewer with a nonce of its own. */
function answer(reply: FastifyReply, viewed: Awaited<ReturnType<FastifyInstance["inject"]>>): FastifyReply {
  const nonce = randomBytes(NONCE_BYTES).toString("base64");
  const { "content-type": type = "text/plain", location } = viewed.headers;
  const isPage = type.startsWith("text/html");
  return reply
    .code(viewed.statusCode)
    .headers({
      "content-type": type,
      "content-security-policy": policy(nonce),
      "x-content-type-options": "nosniff",
      // A stored page comes with the policy of its nonce.
      "cache-control": "no-cache",
      ...(location === undefined ? {} : { location }),
    })
    .send(
      isPage ? viewed.body.replace("<head>", `<head>${PREPARE}`).replaceAll(NONCE_PLACE, nonce) : viewed.rawPayload,
    );
}

async function loadViewer(base: string): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const viewer = Fastify();
  await viewer.register(scalar, {
    routePrefix: PATH,
    configuration: {
      url: `${base}/api/v1/openapi.json`,
      pageTitle: "Posthorn API",
      nonce: NONCE_PLACE,
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      // Vendor services, which the policy blocks.
      showDeveloperTools: "never",
      agent: { disabled: true },
    },
  });
  await viewer.ready();
  return viewer;
}
