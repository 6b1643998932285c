/** Port for OpenID Connect: the protocol itself is passed in. */

/** The client that an organisation has registered at its identity provider. */
export interface OidcClientSettings {
  /** Issuer identifier, such as `https://login.example.com/realms/staff`. */
  readonly issuer: string;
  readonly clientId: string;
  /** `null`: a public client, which has only PKCE. */
  readonly clientSecret: string | null;
  /** Separated by spaces; always includes `openid`. */
  readonly scopes: string;
  /** Name of the claim that lists the groups of a person. */
  readonly groupsClaim: string;
}

/** State that is kept between the two requests of a sign-in. */
export interface OidcAttempt {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly codeVerifier: string;
}

/** A person, as the identity provider describes them. */
export interface OidcPerson {
  readonly issuer: string;
  /** Identifies the person at the issuer, and never changes. */
  readonly subject: string;
  /** `null`: the provider sends none. */
  readonly email: string | null;
  /** Whether the provider vouches for the email address. */
  readonly isEmailVerified: boolean;
  readonly name: string | null;
  readonly groups: readonly string[];
  /** Session at the provider, for logout; `null`: it names none. */
  readonly sessionId: string | null;
  readonly idToken: string;
}

/** Session or person whose sessions the identity provider has ended. One of both is set. */
export interface OidcLogout {
  readonly subject: string | null;
  readonly sessionId: string | null;
}

/**
 * OpenID Connect with the identity providers of organisations. All methods reject with `identity_provider_failed` if the provider cannot be
 * reached, or sends something that the protocol does not allow.
 */
export interface OidcProtocol {
  /** URL to which the browser is sent, and what to remember until it returns. */
  begin(
    settings: OidcClientSettings,
    redirectUri: string,
  ): Promise<{ readonly url: string; readonly attempt: OidcAttempt }>;
  /** @param callbackUrl URL with which the browser returned, with its query. */
  complete(settings: OidcClientSettings, callbackUrl: string, attempt: OidcAttempt): Promise<OidcPerson>;
  /** URL that ends the session at the provider (RP-initiated logout); `null`: the provider has none. */
  endSessionUrl(
    settings: OidcClientSettings,
    options: { readonly idToken: string; readonly returnTo: string },
  ): Promise<string | null>;
  /** Verifies a token of back-channel logout. */
  verifyLogout(settings: OidcClientSettings, token: string): Promise<OidcLogout>;
  /** Reads the provider's metadata again, to check the settings. */
  check(settings: Pick<OidcClientSettings, "issuer" | "clientId" | "clientSecret">): Promise<void>;
}
