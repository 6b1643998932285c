/** In plain words: what went wrong in an attempt, and what to do about it. */

const BY_STATUS: Readonly<Record<number, string>> = {
  400: "The endpoint did not understand the request. See its answer for what it misses.",
  401: "The endpoint wants credentials, or did not take those that were sent. Check the credentials of this endpoint.",
  403: "The endpoint refuses the request. Check its access rules, and the credentials of this endpoint.",
  404: "There is nothing at this URL. Check its path.",
  405: "The URL takes no POST. Check its path, and that the receiver handles POST.",
  408: "The endpoint gave up waiting for the request. Check the proxy in front of it.",
  409: "The endpoint says that the request is in conflict with something. See its answer.",
  410: "The endpoint answered that it is gone for good. Delete it, or give it the new URL and enable it again.",
  411: "The endpoint wants a length, which was sent. Check the proxy in front of it.",
  413: "The payload is too large for the endpoint. Raise its limit, or send less.",
  415: "The endpoint does not take this content type.",
  421: "The server does not serve this host. Check the URL and the DNS of the domain.",
  422: "The endpoint understood the request and refuses what is in it. See its answer.",
  425: "The endpoint is not ready for this request yet.",
  429: "The endpoint asks for fewer requests. Set a rate for it, or raise its limit.",
  500: "The receiver failed. See its log at the time of this attempt.",
  501: "The receiver does not implement this request. Check the URL.",
  502: "A proxy in front of the receiver got no good answer from it. Check that the receiver is running.",
  503: "The receiver is not available at the moment. Check that it is running and has room.",
  504: "A proxy in front of the receiver waited too long for it. Answer first with a 2xx and do the work afterwards.",
};

/**
 * For a status outside those that are a success.
 *
 * @param location Where a redirect points, if it says so.
 */
export function statusSentence(status: number, location: string | null): string {
  const known = BY_STATUS[status];
  if (known !== undefined) return known;
  if (status >= 300 && status <= 399) {
    return `The URL redirects to ${location ?? "another one"}, which is not followed. Give the endpoint its new URL.`;
  }
  if (status >= 500) return "The receiver failed. See its log at the time of this attempt.";
  if (status >= 400) return "The endpoint refuses the request. See its answer.";
  return "This status is not one that counts as success. See the policy of this endpoint.";
}
