/** Destinations that receive HTTP requests at a URL. */
export const httpKind = {
  /** The same on every port. A trailing dot does not change the host. */
  hostOf: (url: string): string => new URL(url).hostname.replace(/\.$/, ""),
};
