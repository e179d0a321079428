// npm oauth4webapi as a client of the mock: the same flow as openid-client's, one checked response at a time.
import * as oauth from 'oauth4webapi'
import { browse, say, settings } from './lib.mjs'

const { issuer, client_id, client_secret, auth_method, redirect_uri, scope, alg } = settings

const auth = {
  none: () => oauth.None(),
  client_secret_basic: () => oauth.ClientSecretBasic(client_secret),
  client_secret_post: () => oauth.ClientSecretPost(client_secret),
  client_secret_jwt: () => oauth.ClientSecretJwt(client_secret),
}[auth_method]()
const client = { client_id, id_token_signed_response_alg: alg }

const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer)),
)

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const url = new URL(server.authorization_endpoint)
url.search = new URLSearchParams({
  client_id,
  redirect_uri,
  scope,
  state,
  nonce,
  response_type: 'code',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const callback = oauth.validateAuthResponse(server, client, await browse(url, redirect_uri), state)

const response = await oauth.authorizationCodeGrantRequest(server, client, auth, callback, redirect_uri, verifier)
const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
})
await oauth.validateApplicationLevelSignature(server, response)
const claims = oauth.getValidatedIdTokenClaims(tokens)

const userinfo = await oauth.processUserInfoResponse(
  server,
  client,
  claims.sub,
  await oauth.userInfoRequest(server, client, tokens.access_token),
)
const refreshed = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token),
)
const introspection = await oauth.processIntrospectionResponse(
  server,
  client,
  await oauth.introspectionRequest(server, client, auth, refreshed.access_token),
)
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, auth, refreshed.refresh_token),
)
const afterwards = await oauth
  .processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, auth, refreshed.refresh_token),
  )
  .then(() => 'accepted', (error) => error.error)

say({ claims, userinfo, token_type: tokens.token_type, active: introspection.active, revoked: afterwards })
