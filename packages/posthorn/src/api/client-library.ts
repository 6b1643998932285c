/** Version of the official client library that makes a request, for the answers that changed between its versions. */

export interface LibraryVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * Version that the client libraries of the compatible API name in their `User-Agent`, such as
 * `svix-libs/2.9.1/python python/3.11.7 Linux/x86_64`; `null` for any other client.
 */
export function libraryVersion(userAgent: string | undefined): LibraryVersion | null {
  const match = /(?:^|\s)svix-libs\/(\d{1,4})\.(\d{1,4})\.\d/.exec(userAgent?.slice(0, 512) ?? "");
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether a library has at least this version. `null` is no library, so it is not. */
export function isAtLeast(version: LibraryVersion | null, major: number, minor: number): boolean {
  return version !== null && (version.major > major || (version.major === major && version.minor >= minor));
}
