/** Host of the URL of an endpoint, with the port unless it is the default. A target that is not a URL is returned unchanged. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.host === "" ? url.toLowerCase() : parsed.host;
}
