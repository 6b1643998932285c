/** Paths of sign-in at identity providers, which are registered there. */

export const AUTH_PATH = "/auth";
/** Where providers send the browser after a sign-in. */
export const CALLBACK_PATH = `${AUTH_PATH}/callback`;
/** Where providers send the browser after a sign-out. */
export const AFTER_LOGOUT_PATH = "/sign-in";

/** Where a provider reports that a session has ended there. */
export function logoutPath(providerId: string): string {
  return `${AUTH_PATH}/${providerId}/logout`;
}
