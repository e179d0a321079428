# One sign-in, and what is in the tokens that come of it.
# idp starts a provider for this file alone: no account is needed, and nothing is left behind.
idp {
  user "alice" {
    password = "correct horse battery staple"
    email    = "alice@example.com"
  }
}

# The label is the client_id. Without a secret it is a public client. Nothing needs to listen at the redirect URI.
client "web" {
  redirect_uri = "https://app.example.com/callback"
  scopes       = ["openid", "email", "profile"]
}

# This file has one client and one user, so runs need not name them.
run "signs_in" {
  description = "the ID token is for this client, and of this provider"

  assert "audience" {
    condition = result.id_token.aud == result.client_id
  }
  assert "issuer" {
    condition = result.id_token.iss == result.issuer
  }
  assert "verified" {
    # A result is there only once all of this has been verified. The names of what was are in the result.
    condition = contains(result.verified, "signature") && contains(result.verified, "nonce")
  }
  assert "lifetime" {
    condition     = result.tokens.expires_in == 3600
    error_message = "tokens live for ${result.tokens.expires_in} seconds"
  }
}

run "says_who_it_is" {
  description = "userinfo is asked for where it is read, and is of the same user"

  assert "same_user" {
    condition = result.userinfo.sub == result.id_token.sub
  }
  assert "address" {
    condition = result.userinfo.email == "alice@example.com"
  }
}

run "asks_for_less" {
  description = "without the scope there is no address"
  scopes      = ["openid"]

  assert "scopes" {
    condition = result.tokens.scopes == tolist(["openid"])
  }
  assert "no_address" {
    condition = !can(result.userinfo.email)
  }
}
