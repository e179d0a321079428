// npm openid-client as a client of the mock: one flow, with every check that it can make.
import * as client from 'openid-client'
import { browse, say, settings } from './lib.mjs'

const { issuer, client_id, client_secret, auth_method, redirect_uri, scope, alg, par, dpop } = settings

const auth = {
  none: () => client.None(),
  client_secret_basic: () => client.ClientSecretBasic(client_secret),
  client_secret_post: () => client.ClientSecretPost(client_secret),
  client_secret_jwt: () => client.ClientSecretJwt(client_secret),
}[auth_method]()

const config = await client.discovery(new URL(issuer), client_id, { id_token_signed_response_alg: alg }, auth)
client.enableNonRepudiationChecks(config) // verifies the ID token's signature, which it else leaves to TLS

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
const parameters = {
  redirect_uri,
  scope,
  state: expectedState,
  nonce: expectedNonce,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
}
const options = dpop ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : {}

const url = par
  ? await client.buildAuthorizationUrlWithPAR(config, parameters, options)
  : client.buildAuthorizationUrl(config, parameters)
const callback = await browse(url, redirect_uri)

const tokens = await client.authorizationCodeGrant(
  config,
  callback,
  { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true },
  undefined,
  options,
)
const claims = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
const introspection = await client.tokenIntrospection(config, refreshed.access_token)
await client.tokenRevocation(config, refreshed.refresh_token)
const afterwards = await client
  .refreshTokenGrant(config, refreshed.refresh_token, undefined, options)
  .then(() => 'accepted', (error) => error.error)

say({ claims, userinfo, token_type: tokens.token_type, active: introspection.active, revoked: afterwards })
