/** Explains the HTTP status of a failed attempt, and what to do about it. */

export const STATUS_SENTENCES: Readonly<Record<number, string>> = {
  400: "400 Bad Request: your endpoint did not understand the request. Read the response for what is missing.",
  401: "401 Unauthorized: your endpoint needs credentials, or rejected the ones that were sent. Check the credentials of this endpoint.",
  403: "403 Forbidden: your endpoint refused the request. Check its access rules and the credentials of this endpoint.",
  404: "404 Not Found: no resource exists at this URL. Check its path.",
  405: "405 Method Not Allowed: this URL does not accept POST. Check its path and that your application handles POST.",
  408: "408 Request Timeout: your endpoint stopped waiting for the request. Check the proxy in front of it.",
  409: "409 Conflict: your endpoint reported a conflict. Read the response for its cause.",
  410: "410 Gone: your endpoint reported that it no longer exists. Delete it, or set its new URL and enable it again.",
  411: "411 Length Required: your endpoint asked for a length, which was sent. Check the proxy in front of it.",
  413: "413 Content Too Large: the payload is too large for your endpoint. Raise its limit, or send smaller payloads.",
  415: "415 Unsupported Media Type: your endpoint does not accept this content type.",
  421: "421 Misdirected Request: the server does not serve this host. Check the URL and the DNS records of the domain.",
  422: "422 Unprocessable Content: your endpoint understood the request and rejected its content. Read the response for the reason.",
  425: "425 Too Early: your endpoint is not ready for this request yet.",
  429: "429 Too Many Requests: your endpoint asked for fewer requests. Set a rate limit for it, or raise its own limit.",
  500: "500 Internal Server Error: your application failed. Check its logs at the time of this attempt.",
  501: "501 Not Implemented: your server does not support this request. Check the URL.",
  502: "502 Bad Gateway: a proxy in front of your server got no valid response from it. Check that your application is running.",
  503: "503 Service Unavailable: your server is not available at the moment. Check that it is running and has capacity.",
  504: "504 Gateway Timeout: a proxy in front of your server timed out waiting for it. Respond with a 2xx first and do the work afterwards.",
};

/**
 * For a status that does not count as success.
 *
 * @param location Target of a redirect; `null`: the response does not name one.
 */
export function statusSentence(status: number, location: string | null): string {
  const known = STATUS_SENTENCES[status];
  if (known !== undefined) return known;
  if (status >= 300 && status <= 399) {
    return `The URL redirects to ${location ?? "another URL"}. Redirects are not followed. Set the new URL in the endpoint.`;
  }
  if (status >= 500) return "Your server failed. Check its logs at the time of this attempt.";
  if (status >= 400) return "Your endpoint rejected the request. Read the response for the reason.";
  return "This status does not count as success. Check the policy of this endpoint.";
}
