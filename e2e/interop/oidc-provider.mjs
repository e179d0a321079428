// npm oidc-provider as it comes: its own development sign-in and consent pages, which are plain forms. With the setting
// post it takes POST wherever OpenID Connect demands it.
import Provider from 'oidc-provider'
import { serve, settings } from './lib.mjs'

const redirect_uris = ['https://app.example.com/callback', 'http://localhost:8080/callback']

const grant_types = ['authorization_code', 'refresh_token']

serve(async (issuer) => {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'public',
        token_endpoint_auth_method: 'none',
        redirect_uris,
        application_type: 'native',
        grant_types,
      },
      { client_id: 'other', token_endpoint_auth_method: 'none', redirect_uris, application_type: 'native', grant_types },
      { client_id: 'basic', client_secret: 'a secret: with %, + and /', redirect_uris, grant_types },
      {
        client_id: 'post',
        client_secret: 'another-secret',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris,
      },
    ],
    cookies: { keys: ['signs the cookies of this process'], long: { sameSite: settings?.post ? 'none' : 'lax' } },
    enableHttpPostMethods: Boolean(settings?.post),
    claims: { email: ['email', 'email_verified'] },
    features: {
      introspection: { enabled: true },
      revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      dPoP: { enabled: true },
    },
    // Any name and password are accepted; the name becomes the sub.
    async findAccount(_, id) {
      return { accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }) }
    },
  })
  return provider.callback()
})
